import { layIndexTags } from './lay-index-tags.ts'
import { pushArtifact } from './push-artifact.ts'
import type { System } from './system.ts'

/** zot, from a binary at a path: the project gives them out for download. */
export function zot(path: string): System {
  return {
    id: 'zot',
    name: 'zot',
    version: [path, '--version'],
    install: 'a binary at the path that --zot names',
    facts:
      'Log level error, no extensions, garbage collection off. `commit` is on: files are synced before a push is acknowledged, ' +
      'which is not its default.',
    files: ({ folder, port, tls }) => ({
      'config.json': `${JSON.stringify(
        {
          distSpecVersion: '1.1.1',
          storage: { rootDirectory: `${folder}/data`, commit: true, gc: false },
          http: { address: '127.0.0.1', port, ...(tls === undefined ? {} : { tls: { cert: tls.certificate, key: tls.key } }) },
          log: { level: 'error' },
        },
        null,
        2,
      )}\n`,
    }),
    command: ({ folder }) => [path, 'serve', `${folder}/config.json`],
    ready: '/v2/',
    hold: pushArtifact,
    layTags: layIndexTags,
  }
}
