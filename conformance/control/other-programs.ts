import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { findTool } from '../../tools/installed.ts'
import { cleanEnvironment } from '../server.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { until } from '../until.ts'

/** Another registry, for a moment on a free port of the loopback. */
export interface OtherProgram {
  readonly url: string
  stop(): Promise<void>
}

/** @param auth the `auth` section of its configuration, in YAML; files named in it lie in `files`, by their name in the folder */
export function startDockerRegistry(auth = '', files: Readonly<Record<string, string>> = {}): Promise<OtherProgram> {
  return startProgram('docker-registry', '/v2/', ({ folder, port }) => ({
    files: { ...files, 'config.yml': configuration(folder, port) + auth.replaceAll('FOLDER', folder) },
    command: ['serve', join(folder, 'config.yml')],
  }))
}

const configuration = (folder: string, port: number): string => `version: 0.1
log:
  level: error
  accesslog:
    disabled: true
storage:
  cache:
    blobdescriptor: inmemory
  filesystem:
    rootdirectory: ${folder}/data
  delete:
    enabled: true
http:
  addr: 127.0.0.1:${port}
`

/** nginx that asks for a password before it passes anything on. */
export function startNginx(upstream: string, passwords: string): Promise<OtherProgram> {
  return startProgram('nginx', '/v2/', ({ folder, port }) => ({
    files: { passwords, 'nginx.conf': nginxConfiguration(folder, port, upstream) },
    command: ['-p', folder, '-e', 'stderr', '-c', join(folder, 'nginx.conf')],
  }))
}

const nginxConfiguration = (folder: string, port: number, upstream: string): string =>
  `${process.getuid?.() === 0 ? 'user root;\n' : ''}daemon off;
pid ${folder}/nginx.pid;
error_log stderr crit;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/tmp;
  proxy_temp_path ${folder}/tmp;
  fastcgi_temp_path ${folder}/tmp;
  uwsgi_temp_path ${folder}/tmp;
  scgi_temp_path ${folder}/tmp;
  server {
    listen 127.0.0.1:${port};
    client_max_body_size 0;
    location / {
      auth_basic registry;
      auth_basic_user_file ${folder}/passwords;
      proxy_http_version 1.1;
      proxy_set_header Authorization "";
      proxy_set_header Host $http_host;
      proxy_request_buffering off;
      proxy_buffering off;
      proxy_pass ${upstream};
    }
  }
}
`

interface Place {
  readonly folder: string
  readonly port: number
}

type Plan = (place: Place) => { readonly files: Readonly<Record<string, string>>; readonly command: readonly string[] }

async function startProgram(name: string, ready: string, plan: Plan): Promise<OtherProgram> {
  const program = findTool(name)
  if (program === undefined) throw new Error(`${name} is not installed`)
  const folder = temporaryFolder()
  const port = await freePort()
  const { files, command } = plan({ folder: folder.path, port })
  mkdirSync(join(folder.path, 'tmp'))
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder.path, file), text)
  const output = join(folder.path, 'output')
  const log = openSync(output, 'a')
  const child = Bun.spawn([program, ...command], { env: cleanEnvironment(), stdin: 'ignore', stdout: log, stderr: log })
  closeSync(log)
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    const late = setTimeout(() => child.kill('SIGKILL'), 10_000)
    await child.exited
    clearTimeout(late)
    folder.remove()
  }
  const url = `http://127.0.0.1:${port}`
  try {
    await until(`${name} answers`, () => {
      if (child.exitCode !== null) throw new Error(`${name} ended: ${readFileSync(output, 'utf8')}`)
      return answers(url + ready)
    })
  } catch (error) {
    await stop()
    throw error
  }
  return Object.freeze({ url, stop })
}

/** With any status: it may ask for a login. */
async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { keepalive: false })).status > 0
  } catch {
    return false // Nobody listens yet.
  }
}

/** Taken and given back: another process may take it in between, which the caller sees as a program that ended. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => (address !== null && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port'))))
    })
  })
}
