import { join } from 'node:path'
import { componentNamed } from '../../tools/components.ts'
import { cacheFolder } from '../../tools/installed.ts'
import { distributionKind } from './distribution-kind.ts'

const { name, install } = componentNamed('distribution')
const version = 'version' in install ? install.version : ''

/** CNCF Distribution 3, built from its Go module. */
export const distribution = distributionKind(join(cacheFolder(name, version), name), {
  id: 'distribution',
  name: 'distribution',
  install: `needs Go: npm run bench builds ${version}`,
  facts:
    'Access log off, log level error, the in-memory cache of descriptors. Syncs each file it writes before it answers, but no ' +
    'directory: after a power cut the name of an acknowledged file may be missing.',
})
