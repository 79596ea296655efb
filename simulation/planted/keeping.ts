import type { Plant } from './plant.ts'
import { faults, interleavings, model, world } from './rigs.ts'

const collect = 'src/registry/collect-transactions.ts'
const blob = 'src/registry/blob-transactions.ts'
const links = 'src/registry/link-store.ts'
const deletes = 'src/registry/delete-transactions.ts'
const pull = 'src/registry/pull.ts'
const tags = 'src/registry/tag-store.ts'

/** How long what exists stays, and how it is read. */
export const keeping: readonly Plant[] = [
  {
    name: 'a lease is not looked at',
    invariant: 4,
    edits: [{ file: collect, from: 'if (until > tx.now)', to: 'if (until > tx.now + 1e12)' }],
    caughtBy: { rig: model, says: /the specification/ },
  },
  {
    name: 'HEAD renews no lease',
    invariant: 4,
    edits: [{ file: pull, from: 'if (found.referenced === 0) await', to: 'if (found.referenced === 2) await' }],
    caughtBy: { rig: model, says: /the specification/ },
  },
  {
    name: 'a deleted manifest leaves no lease',
    invariant: 4,
    edits: [{ file: deletes, from: 'blobId: manifest.blob_id }, tx.now + input.lease)', to: 'blobId: manifest.blob_id }, tx.now)' }],
    caughtBy: { rig: interleavings('delete manifest'), says: /was acknowledged, but not so: the layer is leased/ },
  },
  {
    name: 'the collector checks and locks in one statement',
    invariant: 4,
    edits: [
      {
        file: collect,
        from: `const lockLink = statement<{ lease_until: number }>(\`
  select lease_until from link where repository_id = $1 and blob_id = $2 for update\`)`,
        to: `const lockLink = statement<{ lease_until: number }>(\`
  select l.lease_until from link l where l.repository_id = $1 and l.blob_id = $2 and not exists (
    select 1 from reference f join blob b on b.digest = f.child_digest where f.repository_id = $1 and b.id = $2)
  for update of l\`)`,
      },
      {
        file: collect,
        from: 'if (await isReferenced(tx, input.repositoryId, blob.digest))',
        to: 'if (isReferenced.length === 0)',
      },
    ],
    caughtBy: { rig: interleavings('put manifest'), says: /broken: a manifest keeps the links of its children/ },
  },
  {
    name: 'the collector of blobs takes no lock',
    invariant: 4,
    edits: [
      {
        file: collect,
        from: 'select digest, object_id from blob where id = $1 for update',
        to: 'select digest, object_id from blob where id = $1',
      },
    ],
    caughtBy: { rig: interleavings('commit blob'), says: /"collect blob" failed/ },
  },
  {
    name: 'the collector of blobs asks for no manifest',
    invariant: 3,
    edits: [
      {
        file: collect,
        from: ' || (await tx.one(heldByManifest, blobId)) !== undefined',
        to: ' || heldByManifest.name === undefined',
      },
    ],
    caughtBy: { rig: model, says: /the specification|core/ },
  },
  {
    name: 'a hold is not looked at',
    invariant: 4,
    edits: [
      {
        file: 'src/registry/hold-store.ts',
        from: 'return (await tx.one(standingHolds, tx.now)) !== undefined',
        to: 'return (await tx.one(standingHolds, tx.now))?.name === null',
      },
    ],
    caughtBy: { rig: interleavings('collect link'), says: /was not held back/ },
  },
  {
    name: 'a step of the collector looks for holds without a lock',
    invariant: 4,
    edits: [
      {
        file: 'src/registry/hold-store.ts',
        from: 'select id from store where id = 1 for share',
        to: 'select id from store where id = 1',
      },
    ],
    caughtBy: { rig: interleavings('collect link'), says: /was not held back/ },
  },
  {
    name: 'the key of an object is used again',
    invariant: 4,
    edits: [
      {
        file: 'src/storage/object-key.ts',
        from: 'return { key: `${directory}/${hex}.${id}`, directory, hex, id }',
        to: 'return { key: `${directory}/${hex}.0`, directory, hex, id }',
      },
      { file: 'src/storage/object-key.ts', from: 'if (parsed.id !== id) throw', to: 'if (parsed.id === key) throw' },
    ],
    caughtBy: { rig: world, says: /the file \S+ has no row/ },
  },
  {
    name: 'a damaged blob counts as whole',
    invariant: 2,
    edits: [{ file: links, from: "`(o.state = 'live' or", to: "`(o.state in ('live', 'damaged') or" }],
    caughtBy: { rig: model, says: /the specification/ },
  },
  {
    name: 'a file that was cut short is served',
    invariant: 2,
    edits: [
      { file: pull, from: 'if (opened?.size !== size)', to: 'if (opened === undefined || opened.size > size)' },
      { file: pull, from: 'if (mismatch !== undefined) throw', to: 'if (mismatch === digest) throw' },
    ],
    caughtBy: { rig: model, says: /the specification/ },
  },
  {
    name: 'damage leaves no event',
    invariant: 3,
    edits: [
      {
        file: blob,
        from: "return await record(tx, { kind: 'object.damaged', actor: undefined, repositoryId: undefined, keys }, true)",
        to: "return keys.object === '' ? await record(tx, { ...keys, kind: '' } as never, true) : { ok: true }",
      },
    ],
    caughtBy: { rig: world, says: /is said to be there, though its damage was found/ },
  },
  {
    name: 'a deleted tag leaves no event',
    invariant: 5,
    edits: [
      {
        file: deletes,
        from: "return await record(tx, { kind: 'tag.delete', actor, repositoryId: repository.id, keys }, null)",
        to: "return name === '' ? await record(tx, { kind: 'tag.delete', actor, repositoryId: repository.id, keys }, null) : { ok: null }",
      },
    ],
    caughtBy: { rig: interleavings('delete tag'), says: /"delete tag" left 0 events/ },
  },
  {
    name: 'a conflict over a tag is swallowed',
    invariant: 5,
    edits: [{ file: tags, from: 'if (from === digest) return undefined', to: 'if (from !== undefined) return undefined' }],
    caughtBy: { rig: model, says: /the specification/ },
  },
  {
    name: 'the condition of a put is not looked at',
    invariant: 5,
    edits: [
      {
        file: tags,
        from: `    if (!preconditionHolds(precondition, from)) return refusal('PRECONDITION_FAILED')\n`,
        to: '',
      },
    ],
    caughtBy: { rig: model, says: /the specification/ },
  },
  {
    name: 'a tag is moved without a lock',
    invariant: 5,
    edits: [
      {
        file: tags,
        from: 'where repository_id = $1 and name = $2 for update',
        to: 'where repository_id = $1 and name = $2',
      },
    ],
    caughtBy: { rig: interleavings('create tag'), says: /broken: the history of a tag has no gap/ },
  },
  {
    name: 'the id of an operation is not looked at',
    invariant: 10,
    edits: [
      {
        file: 'src/database/sqlite/merged-commit.ts',
        from: 'request.again ? await runAgain',
        to: 'request.again && request.name === undefined ? await runAgain',
      },
    ],
    caughtBy: { rig: world, says: /UNIQUE constraint failed: event.operation_id|promised it/ },
  },
  {
    name: 'a full disk is called a broken one',
    invariant: 10,
    edits: [
      {
        file: 'src/storage/storage-failure.ts',
        from: "new Set(['ENOSPC', 'EDQUOT', 'EROFS'])",
        to: "new Set(['EDQUOT', 'EROFS'])",
      },
    ],
    caughtBy: { rig: faults(1), says: /answered \{"refused":"UNKNOWN"\}/ },
  },
  {
    name: 'a write does not lock the state of its repository',
    invariant: 12,
    edits: [{ file: 'src/registry/repository-store.ts', from: '  for share of r, n`', to: '`' }],
    caughtBy: { rig: interleavings('delete tag'), says: /was acknowledged after the repository was frozen/ },
  },
]
