import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createCertificate } from '../create-certificate.ts'
import { startProgram, type OtherProgram } from '../other-program.ts'

/** nginx as one of the files in packaging/nginx sets it up, on a free port, with a certificate of its own. */
export interface Nginx extends OtherProgram {
  /** PEM of the certificate that it shows, which signs itself. */
  readonly certificate: string
  /** The file that holds it. */
  readonly certificateFile: string
  /** One request; `path` begins with a slash. */
  ask(method: string, path: string, init?: RequestInit): Promise<Response>
}

export const samples = join(import.meta.dir, '../../packaging/nginx')

/**
 * Debian's nginx.conf puts files of conf.d into `http` as this does. Of the sample only places change: the address it listens on,
 * its certificate, Berth's address and the folder of the cache.
 */
export async function startNginx(sample: string, upstream: string, change = (text: string) => text): Promise<Nginx> {
  const nginx = await startProgram('nginx', '/v2/', async ({ folder, port }) => {
    const [certificate, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')]
    await createCertificate(certificate, key)
    const places: readonly [string, string][] = [
      ['listen 443 ssl;', `listen 127.0.0.1:${port} ssl;`],
      ['server 127.0.0.1:5000;', `server ${new URL(upstream).host};`],
      ['/etc/ssl/certs/registry.example.com.pem', certificate],
      ['/etc/ssl/private/registry.example.com.key', key],
    ]
    const text = readFileSync(join(samples, sample), 'utf8')
    const placed = places.reduce((before, [from, to]) => replaceOnce(before, from, to), text)
    const own = change(placed).replace('/var/cache/nginx/berth', join(folder, 'cache'))
    const files = { 'berth.conf': own, 'nginx.conf': mainConfiguration(folder) }
    return { files, command: ['-p', folder, '-e', 'stderr', '-c', join(folder, 'nginx.conf')], scheme: 'https' }
  })
  const certificateFile = join(nginx.folder, 'certificate.pem')
  const certificate = readFileSync(certificateFile, 'utf8')
  const ask: Nginx['ask'] = (method, path, init) => fetch(nginx.url + path, { ...init, method, tls: { ca: certificate } })
  return Object.freeze({ ...nginx, certificate, certificateFile, ask })
}

/** @throws Error unless `from` is there exactly once: a sample that changed needs a look at what is replaced in it */
export function replaceOnce(text: string, from: string, to: string): string {
  const parts = text.split(from)
  if (parts.length !== 2) throw new Error(`the sample has ${JSON.stringify(from)} ${parts.length - 1} times, not once`)
  return parts.join(to)
}

/** One worker, so that its memory is that of all. As root a worker would be another user, who could not read the folder. */
const mainConfiguration = (folder: string): string =>
  `${process.getuid?.() === 0 ? 'user root;\n' : ''}daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr warn;
events {
  worker_connections 1024;
}
http {
  log_format berth '$request_id $remote_addr "$request" $status';
  access_log ${folder}/access.log berth;
  client_body_temp_path ${folder}/tmp/body;
  proxy_temp_path ${folder}/tmp/proxy;
  fastcgi_temp_path ${folder}/tmp;
  uwsgi_temp_path ${folder}/tmp;
  scgi_temp_path ${folder}/tmp;
  sendfile on;
  tcp_nopush on;
  gzip on;
  include ${folder}/berth.conf;
}
`
