import { layIndexTags } from './lay-index-tags.ts'
import { pushArtifact } from './push-artifact.ts'
import type { System } from './system.ts'

const quiet = ['--store-type', 'dir', '--verbosity', 'error']

/** olareg, from a binary at a path. */
export function olareg(path: string): System {
  return {
    id: 'olareg',
    name: 'olareg',
    version: [path, 'version'],
    install: 'a binary at the path that --olareg names',
    facts:
      'Log level error. It syncs nothing: a power cut may take what it has acknowledged, so its pushes are not compared with ' +
      'those of the others.',
    files: () => ({}),
    command: ({ folder, port }) =>
      [path, 'serve', '--addr', '127.0.0.1', '--port', port, '--dir', `${folder}/data`].concat(quiet),
    ready: '/v2/',
    hold: pushArtifact,
    layTags: layIndexTags,
  }
}
