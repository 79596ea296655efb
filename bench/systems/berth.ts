import { join } from 'node:path'
import { pushArtifact } from './push-artifact.ts'
import type { System } from './system.ts'

const launcher = join(import.meta.dir, '../../berth')

/** Berth as it comes: no configuration file, no flags but where to listen and where the data is. */
export const berth: System = {
  id: 'berth',
  name: 'Berth',
  version: [launcher, '--version'],
  install: 'npm ci in this checkout',
  facts:
    'Default configuration: SQLite, an access log line for every request, written to a file. Durable: a push is acknowledged ' +
    'after its transaction is on disk (pushes that wait together share one fsync); blobs as small as these are kept in the ' +
    'database.',
  files: ({ tls, login }) => {
    const settings = [
      ...(tls === undefined ? [] : [`tls:\n  certificate: ${tls.certificate}\n  key: ${tls.key}\n`]),
      ...(login === undefined ? [] : [`admin:\n  password: ${login.password}\n`]),
    ]
    return settings.length === 0 ? {} : { 'berth.yaml': settings.join('') }
  },
  command: ({ folder, port, tls, login }) => [
    launcher,
    'serve',
    ...(login === undefined ? ['--open'] : []),
    '--listen',
    `127.0.0.1:${port}`,
    '--data',
    `${folder}/data`,
    ...(tls === undefined && login === undefined ? [] : ['--config', `${folder}/berth.yaml`]),
  ],
  ready: '/readyz',
  hold: pushArtifact,
}
