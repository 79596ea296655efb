import { replaceOnce } from './start-nginx.ts'

/** What people write who want a cache and think of nothing else: berth.conf with everything through a cache, for an hour. */
export function plainCache(sample: string): string {
  const zone = 'proxy_cache_path /var/cache/nginx/berth keys_zone=plain:8m;\n'
  const lines = ['proxy_cache plain;', 'proxy_cache_valid 200 1h;', 'add_header X-Cache-Status $upstream_cache_status always;']
  return zone + replaceOnce(sample, 'proxy_buffering off;', lines.join('\n    '))
}
