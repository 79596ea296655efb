import * as fc from 'fast-check'
import type { Precondition } from '../../src/oci/index.ts'
import { settings } from './core.ts'
import type { ManifestReference, Operation } from './operation.ts'
import { blobs, manifests, repositories, tags } from './pool.ts'

const repository = fc.constantFrom(...repositories)
const anyRepository = fc.constantFrom(...repositories, 'c/none')
const tag = fc.constantFrom(...tags)
const anyTag = fc.constantFrom<string>(...tags, 'none')
const blob = fc.nat(blobs.length - 1)
const session = fc.nat(3)
const algorithm = fc.constantFrom('sha256' as const, 'sha256' as const, 'sha256' as const, 'sha512' as const)
const manifest = fc.nat(manifests.length - 1)
/** Those that are files. */
const fileDigest = fc.constantFrom(4, 5).map((n) => blobs[n]?.digests.sha256 as string)
const blobDigest = fc.tuple(blob, algorithm).map(([n, of]) => blobs[n]?.digests[of] as string)
const manifestDigest = fc.tuple(manifest, algorithm).map(([n, of]) => manifests[n]?.digests[of] as string)
const reference: fc.Arbitrary<ManifestReference> = fc.oneof(fc.record({ tag: anyTag }), fc.record({ digest: manifestDigest }))
const candidates = fc.oneof(fc.constant('any' as const), fc.array(manifestDigest, { maxLength: 3 }))
const precondition: fc.Arbitrary<Precondition> = fc.oneof(
  candidates.map((match) => ({ match, noneMatch: undefined })),
  candidates.map((noneMatch) => ({ match: undefined, noneMatch })),
)
const page = { limit: fc.nat(3), last: fc.constantFrom('', 'a/one', 'b', 'latest', 'v', 'sha256:8') }
function kind<Kind extends Operation['kind'], Fields extends object>(name: Kind, fields: fc.Arbitrary<Fields>) {
  // An absent choice is a member that is not there: histories are compared and printed as JSON.
  return fields.map((values) => ({ kind: name, ...(JSON.parse(JSON.stringify(values)) as Fields) }) as unknown as Operation)
}

const option = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined })
/** Absent four times in five. */
const seldom = <T>(of: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: of })

const pushing = [
  kind('push', fc.record({ repository, blob, algorithm, as: seldom(blob) })),
  kind('push', fc.record({ repository, blob, algorithm: fc.constant('sha256' as const) })),
  kind('push', fc.record({ repository, blob, algorithm: fc.constant('sha256' as const) })),
  kind('mount', fc.record({ repository, blob, from: option(anyRepository) })),
]
const sessions = [
  kind('begin', fc.record({ repository, blob: fc.constantFrom(2, 3, 4, 5) })),
  kind(
    'append',
    fc.record({
      session,
      bytes: fc.constantFrom(0, 100, 20_000, 33_000, 50_000),
      range: fc.constantFrom('none', 'right', 'right', 'wrong'),
      cut: seldom(fc.constant(true)).map((cut) => cut === true),
    }),
  ),
  kind('finish', fc.record({ session, algorithm, rest: fc.boolean(), as: seldom(blob) })),
  kind('status', fc.record({ session, elsewhere: seldom(fc.constant(true)) })),
  kind('cancel', fc.record({ session, elsewhere: seldom(fc.constant(true)) })),
]
const tagging = [
  kind('put', fc.record({ repository, manifest, tag, algorithm, further: fc.constant([]), precondition: seldom(precondition) })),
  kind('put', fc.record({ repository, manifest, tag, algorithm, further: fc.constant([]) })),
  kind(
    'put',
    fc.record({ repository, manifest, algorithm, further: fc.array(tag, { maxLength: 2 }), precondition: seldom(precondition) }),
  ),
]
const reading = [
  kind('get manifest', fc.record({ repository: anyRepository, reference })),
  kind('stat manifest', fc.record({ repository: anyRepository, reference })),
  kind('get blob', fc.record({ repository: anyRepository, digest: blobDigest })),
  kind('get blob', fc.record({ repository, digest: fileDigest })),
  kind('stat blob', fc.record({ repository: anyRepository, digest: blobDigest })),
  kind('stat blob', fc.record({ repository, digest: fileDigest })),
  kind('tags', fc.record({ repository: anyRepository, ...page }, { requiredKeys: ['repository'] })),
  kind('repositories', fc.record(page, { requiredKeys: [] })),
  kind(
    'referrers',
    fc.record(
      { repository: anyRepository, subject: manifestDigest, ...page, artifactType: fc.constant('a/signature') },
      { requiredKeys: ['repository', 'subject'] },
    ),
  ),
]
const removing = [
  kind('delete manifest', fc.record({ repository: anyRepository, reference, precondition: seldom(precondition) })),
  kind('delete manifest', fc.record({ repository, reference: fc.record({ tag }), precondition })),
  kind('delete manifest', fc.record({ repository, reference: fc.record({ tag }) })),
  kind('delete manifest', fc.record({ repository, reference: fc.record({ digest: manifestDigest }) })),
  kind('delete blob', fc.record({ repository: anyRepository, digest: blobDigest })),
]
const undoing = [
  kind('trash', fc.record({ repository: anyRepository })),
  kind('restore', fc.record({ repository, number: fc.nat(3) })),
  kind('restore', fc.record({ repository, number: fc.constant(0) })),
  kind('restore', fc.record({ repository, number: fc.constant(0) })),
  kind('restore', fc.record({ repository, number: fc.constant(0) })),
  kind('purge', fc.record({ repository, number: fc.nat(3) })),
  kind('history', fc.record({ repository: anyRepository, tag: anyTag })),
  kind('tag at', fc.record({ repository, tag: anyTag, ago: fc.constantFrom(0, 1, settings.lease / 2) })),
  kind('revert', fc.record({ repository, tag, to: fc.record({ digest: manifestDigest }), expected: seldom(manifestDigest) })),
  kind('revert', fc.record({ repository, tag, to: fc.record({ ago: fc.constantFrom(1, settings.drain) }), expected: seldom(manifestDigest) })),
]
const surrounding = [
  kind('wait', fc.record({ ms: fc.constantFrom(1, settings.drain, settings.lease / 2, settings.lease) })),
  kind('collect', fc.constant({})),
  kind('restart', fc.constant({})),
  kind('damage', fc.record({ digest: fileDigest, how: fc.constantFrom('truncated', 'flipped') })),
]

/** One operation; those that make something come more often than those that take it away. */
export const operations: readonly fc.Arbitrary<Operation>[] = [
  ...pushing, ...pushing, ...sessions, ...sessions, ...tagging, ...tagging, ...reading, ...removing, ...undoing, ...surrounding,
]

const mountFrom = kind('mount', fc.record({ repository, blob, from: anyRepository }))
const pushOne = kind('push', fc.record({ repository, blob, algorithm: fc.constant('sha256' as const) }))

/** What comes before operations that run at once: nothing that takes away. */
export const precedingOperations: readonly fc.Arbitrary<Operation>[] = [pushOne, pushOne, mountFrom, ...tagging]

/** Operations that may run at once; each is one step, or a few that are known. A mount from anywhere asks several repositories. */
export const concurrentOperations: readonly fc.Arbitrary<Operation>[] = [
  pushOne,
  mountFrom,
  ...tagging,
  ...reading,
  ...removing,
]

/** Operations that all want to change one tag on a condition. */
export const contendingOperations: readonly fc.Arbitrary<Operation>[] = [
  kind(
    'put',
    fc.record({
      repository: fc.constant('a/one'),
      manifest: fc.constantFrom(3, 5, 7),
      tag: fc.constant('v1'),
      algorithm: fc.constant('sha256' as const),
      further: fc.constant([]),
      precondition: fc.constantFrom({ noneMatch: 'any' }, { match: 'any' }, { match: [manifests[3]?.digests.sha256] }),
    }),
  ),
  kind('delete manifest', fc.record({ repository: fc.constant('a/one'), reference: fc.constant({ tag: 'v1' }) })),
]
