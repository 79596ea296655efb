import { mkdirSync, writeFileSync } from 'node:fs'
import { manifestType } from '../load/index.ts'
import type { Place, System } from './system.ts'

/** Not a registry: the same bytes as static files, for the limit of what a web server does on this machine. */
export const nginx: System = {
  id: 'nginx',
  name: 'nginx, static file',
  version: ['nginx', '-v'],
  install: 'apt-get install nginx-light',
  facts: 'One worker, sendfile, open files cached, access log through a buffer. Serves the bytes as a file; it is no registry.',
  files: ({ folder, port, tls }) => ({
    'www/ready': 'ready',
    'nginx.conf': `${asRoot ? 'user root;\n' : ''}daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr warn;
events {
  worker_connections 1024;
}
http {
  access_log ${folder}/access.log combined buffer=64k flush=1s;
  client_body_temp_path ${folder}/tmp;
  proxy_temp_path ${folder}/tmp;
  fastcgi_temp_path ${folder}/tmp;
  uwsgi_temp_path ${folder}/tmp;
  scgi_temp_path ${folder}/tmp;
  sendfile on;
  tcp_nopush on;
  open_file_cache max=1000 inactive=60s;
  keepalive_requests 1000000000;
  default_type ${manifestType};
  server {
    listen 127.0.0.1:${port}${overTls(tls)};
    root ${folder}/www;
  }
}
`,
  }),
  command: ({ folder }) => ['nginx', '-p', folder, '-e', 'stderr', '-c', `${folder}/nginx.conf`],
  ready: '/ready',
  hold: ({ folder }, repository, { manifest, blobs }, tag) => {
    for (const [kind, contents] of [['manifests', [manifest]], ['blobs', blobs]] as const) {
      const parent = `${folder}/www/v2/${repository}/${kind}`
      mkdirSync(parent, { recursive: true })
      for (const { digest, bytes } of contents) writeFileSync(`${parent}/${digest}`, bytes)
    }
    if (tag !== undefined) writeFileSync(`${folder}/www/v2/${repository}/manifests/${tag}`, manifest.bytes)
    return Promise.resolve()
  },
}

function overTls(tls: Place['tls']): string {
  if (tls === undefined) return ''
  const lines = ['ssl_protocols TLSv1.3', `ssl_certificate ${tls.certificate}`, `ssl_certificate_key ${tls.key}`]
  return [' ssl', ...lines].join(';\n    ')
}

/** The worker of a root master is another user by default, which could not read the folder. */
const asRoot = process.getuid?.() === 0
