import { layDistributionTags } from './distribution.ts'
import { pushArtifact } from './push-artifact.ts'
import type { System } from './system.ts'

/** CNCF Distribution 2.8, as Debian 12 packages it. */
export const dockerRegistry: System = {
  id: 'docker-registry',
  name: 'docker-registry',
  version: ['docker-registry', '--version'],
  install: 'apt-get install docker-registry',
  facts:
    'Access log off, log level error, the in-memory cache of descriptors that Debian configures. Syncs each file it writes ' +
    'before it answers, but no directory: after a power cut the name of an acknowledged file may be missing.',
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
  command: ({ folder }) => ['docker-registry', 'serve', `${folder}/config.yml`],
  ready: '/v2/',
  hold: pushArtifact,
  layTags: layDistributionTags,
}
