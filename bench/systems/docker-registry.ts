import { distributionKind } from './distribution-kind.ts'

/** CNCF Distribution 2.8, as Debian 12 packages it. */
export const dockerRegistry = distributionKind('docker-registry', {
  id: 'docker-registry',
  name: 'docker-registry',
  install: 'apt-get install docker-registry',
  facts:
    'Access log off, log level error, the in-memory cache of descriptors that Debian configures. Syncs each file it writes ' +
    'before it answers, but no directory: after a power cut the name of an acknowledged file may be missing.',
})
