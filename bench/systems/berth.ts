import { join } from 'node:path'
import { pushArtifact } from './push-artifact.ts'
import type { Place, System } from './system.ts'

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
  files: (place) => {
    const settings = settingsOf(place)
    return settings === '' ? {} : { 'berth.yaml': settings }
  },
  command: (place) => [
    launcher,
    'serve',
    ...(place.login === undefined ? ['--open'] : []),
    '--listen',
    `127.0.0.1:${place.port}`,
    '--data',
    `${place.folder}/data`,
    ...(settingsOf(place) === '' ? [] : ['--config', `${place.folder}/berth.yaml`]),
  ],
  ready: '/readyz',
  hold: pushArtifact,
}

function settingsOf({ tls, login, metrics, settings = '' }: Place): string {
  return [
    ...(tls === undefined ? [] : [`tls:\n  certificate: ${tls.certificate}\n  key: ${tls.key}\n`]),
    ...(login === undefined ? [] : [`admin:\n  password: ${login.password}\n`]),
    ...(metrics === undefined ? [] : [`ops:\n  listen: 127.0.0.1:${metrics}\n`]),
    settings,
  ].join('')
}
