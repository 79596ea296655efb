import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { componentNamed } from '../../tools/components.ts'
import { cacheFolder } from '../../tools/installed.ts'
import type { Content } from '../load/index.ts'
import { pushArtifact } from './push-artifact.ts'
import type { System } from './system.ts'

const { name, install } = componentNamed('distribution')
const version = 'version' in install ? install.version : ''
const program = join(cacheFolder(name, version), name)

/** CNCF Distribution 3, built from its Go module. */
export const distribution: System = {
  id: 'distribution',
  name: 'distribution',
  version: [program, '--version'],
  install: `needs Go: npm run bench builds ${version}`,
  facts:
    'Access log off, log level error, the in-memory cache of descriptors. Syncs each file it writes before it answers, but no ' +
    'directory: after a power cut the name of an acknowledged file may be missing.',
  files: ({ folder, port, tls }) => ({
    'config.yml': `version: 0.1
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
${tls === undefined ? '' : `  tls:\n    certificate: ${tls.certificate}\n    key: ${tls.key}\n`}`,
  }),
  command: ({ folder }) => [program, 'serve', `${folder}/config.yml`],
  ready: '/v2/',
  hold: pushArtifact,
  layTags: layDistributionTags,
}

/** As distribution's filesystem driver keeps them: docker/registry/v2/repositories/NAME/_manifests/tags/TAG. */
export function layDistributionTags(folder: string, repository: string, manifest: Content, tags: readonly string[]): void {
  const parent = `${folder}/data/docker/registry/v2/repositories/${repository}/_manifests/tags`
  const [algorithm, hex] = manifest.digest.split(':')
  for (const tag of tags) {
    const index = `${parent}/${tag}/index/${algorithm}/${hex}`
    mkdirSync(index, { recursive: true })
    mkdirSync(`${parent}/${tag}/current`)
    writeFileSync(`${index}/link`, manifest.digest)
    writeFileSync(`${parent}/${tag}/current/link`, manifest.digest)
  }
}
