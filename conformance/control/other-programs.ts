import { join } from 'node:path'
import { startProgram, type OtherProgram } from '../other-program.ts'

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
