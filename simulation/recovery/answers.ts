import { createClientOf, createHttp, createReadiness, createRequestMetrics } from '../../src/http/index.ts'
import { systemClock, systemIds } from '../../src/lib/index.ts'
import { createLogger } from '../../src/observe/index.ts'
import { RegistryError } from '../../src/oci/index.ts'
import type { Registry } from '../../src/registry/index.ts'

/** Everything that was ever named, whether it is there or not. */
export interface Named {
  readonly repositories: ReadonlySet<string>
  readonly digests: ReadonlySet<string>
  readonly tags: ReadonlySet<string>
}

/** What is in the trash of the projects, a line each. */
export async function trashOf(registry: Registry, projects: ReadonlySet<string>): Promise<string[]> {
  const lines: string[] = []
  for (const project of projects) {
    try {
      const { entries } = await registry.trash.list(nobody, { project }, { limit: 1_000, last: undefined })
      lines.push(...entries.map((entry) => JSON.stringify(entry)))
    } catch (error) {
      if (!(error instanceof RegistryError) || error.code !== 'NAME_UNKNOWN') throw error
    }
  }
  return lines
}

const nobody = { identity: undefined, credential: undefined, address: '127.0.0.1' }

/** What a registry answers to every reading request about everything that was named: a line each. */
export async function answersOf(registry: Registry, { repositories, digests, tags }: Named): Promise<string[]> {
  const http = createHttp({
    registry,
    limits: { manifest: 4 * 1024 * 1024, manifests: 4 * 1024 * 1024, requests: 100, requests_per_address: 100 },
    logger: createLogger({ level: 'silent' }),
    ids: systemIds,
    clock: systemClock,
    readiness: createReadiness({ checks: {}, clock: systemClock }),
    requestMetrics: createRequestMetrics(),
    clientOf: createClientOf({ trusted: [], header: 'x-forwarded-for' }),
  })
  const paths = ['/v2/', '/v2/_catalog']
  for (const repository of repositories) {
    paths.push(`/v2/${repository}/tags/list`)
    for (const tag of tags) paths.push(`/v2/${repository}/manifests/${tag}`)
    for (const digest of digests) {
      for (const route of ['manifests', 'blobs', 'referrers']) paths.push(`/v2/${repository}/${route}/${digest}`)
    }
  }
  const answers: string[] = []
  for (const path of paths) {
    for (const method of ['GET', 'HEAD']) {
      const answer = await http.fetch(new Request(`http://registry${path}`, { method }), '127.0.0.1')
      const headers = ['content-type', 'content-length', 'docker-content-digest', 'etag', 'link'].map((name) => answer.headers.get(name))
      const body = new Bun.CryptoHasher('sha256').update(await answer.bytes()).digest('hex')
      answers.push([method, path, answer.status, ...headers, body].join(' '))
    }
  }
  return answers
}
