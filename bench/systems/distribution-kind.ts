import { mkdirSync, writeFileSync } from 'node:fs'
import type { Content } from '../load/index.ts'
import { pushArtifact } from './push-artifact.ts'
import type { Login, Place, System } from './system.ts'

/** Both generations of CNCF Distribution take the same configuration, and keep their tags in the same way. */
export function distributionKind(program: string, about: Pick<System, 'id' | 'name' | 'install' | 'facts'>): System {
  return {
    ...about,
    version: [program, '--version'],
    files: (place) => ({ 'config.yml': configuration(place), ...(place.login && { htpasswd: htpasswd(place.login) }) }),
    command: ({ folder }) => [program, 'serve', `${folder}/config.yml`],
    ready: '/v2/',
    hold: pushArtifact,
    layTags,
  }
}

/** With bcrypt, the one hash that it reads, at the cost that Apache's program for such files takes unless told. */
const htpasswd = ({ user, password }: Login): string =>
  `${user}:${Bun.password.hashSync(password, { algorithm: 'bcrypt', cost: 5 })}\n`

const configuration = ({ folder, port, tls, login }: Place): string => `version: 0.1
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
${tls === undefined ? '' : `  tls:\n    certificate: ${tls.certificate}\n    key: ${tls.key}\n`}${
  login === undefined ? '' : `auth:\n  htpasswd:\n    realm: bench\n    path: ${folder}/htpasswd\n`
}`

/** As the filesystem driver keeps them: docker/registry/v2/repositories/NAME/_manifests/tags/TAG. */
function layTags(folder: string, repository: string, manifest: Content, tags: readonly string[]): void {
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
