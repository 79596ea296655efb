import type { Plant } from './plant.ts'
import { collection, interleavings, model, world } from './rigs.ts'

const collect = 'src/registry/collect-transactions.ts'
const blob = 'src/registry/blob-transactions.ts'
const existence = 'src/registry/existence-store.ts'
const links = 'src/registry/link-store.ts'
const pull = 'src/registry/pull.ts'

/** What collection does beside pushes and pulls. */
export const collecting: readonly Plant[] = [
  {
    name: 'a file goes while readers are on their way to it',
    invariant: 3,
    edits: [{ file: collect, from: 'const due = object.since + input.drain', to: 'const due = object.since + Math.min(input.drain, 0)' }],
    caughtBy: { rig: world, says: /promised it|the session is gone before its time/ },
  },
  {
    name: 'a push takes an object that is doomed',
    invariant: 4,
    slow: true,
    edits: [
      {
        file: existence,
        from: `  select o.id as object_id, o.key, b.size
  from repository r join namespace n on n.id = r.namespace_id
  join blob b on b.domain_id = n.domain_id and b.digest = $2
  join object o on o.id = b.object_id and o.state = 'live'`,
        to: `  select o.id as object_id, o.key, o.stored_size as size
  from repository r join object o on o.state in ('live', 'doomed') and o.key like '%/' || substr($2, 8) || '.%'`,
      },
      {
        file: blob,
        from: '  const present = blob.object_id\n',
        to: `  const present = blob.object_id ?? ours.evidence?.objectId ?? null
  if (present !== null && blob.object_id === null) await tx.run(pointBlob, blob.id, present)\n`,
      },
      {
        file: blob,
        from: `return (await tx.one(lockObject, present))?.state === 'live'`,
        to: `return (await tx.one(lockObject, present))?.state !== 'damaged'`,
      },
      { file: links, from: "`(o.state = 'live' or", to: "`(o.state in ('live', 'doomed') or" },
      { file: existence, from: `case when o.state = 'live' then o.id end`, to: `case when o.state in ('live', 'doomed') then o.id end` },
    ],
    caughtBy: { rig: collection, says: /acknowledged is not there|was said to be there|did not help/ },
  },
  {
    name: 'HEAD renews the lease of another repository',
    invariant: 4,
    slow: true,
    edits: [
      {
        file: blob,
        from: '  where repository_id = $1 and blob_id = $2 and deleted_at is null returning blob_id`)',
        to: `  where repository_id = (select min(repository_id) from link where blob_id = $2 and repository_id <= $1) and blob_id = $2
    and deleted_at is null returning blob_id\`)`,
      },
    ],
    caughtBy: { rig: collection, says: /was refused \d+ ms after the first of its blobs was said to be there/ },
  },
  {
    name: 'HEAD renews a lease only when it has ended',
    invariant: 4,
    edits: [{ file: pull, from: 'if (found.lease_until - clock.now() > settings.lease / 2) return', to: 'if (found.lease_until > clock.now()) return' }],
    caughtBy: { rig: model, says: /the specification/ },
  },
  {
    name: 'a mount leases nothing',
    invariant: 4,
    edits: [
      {
        file: 'src/registry/upload.ts',
        from: 'const outcome = await database.transact(mountBlob, input)',
        to: 'const outcome = await database.transact(mountBlob, { ...input, lease: 0 })',
      },
    ],
    caughtBy: { rig: model, says: /the specification/ },
  },
  {
    name: 'the collector of blobs looks before it locks',
    invariant: 4,
    edits: [
      {
        file: collect,
        from: `  async (tx: Tx, input: { readonly blobId: number; readonly drain: number }) => {
    if (await putOffWhileHeld(tx, 'blob', input.blobId)) return { ok: 'held' as const }
`,
        to: `  async (tx: Tx, input: { readonly blobId: number; readonly drain: number }) => {
    if (await putOffWhileHeld(tx, 'blob', input.blobId)) return { ok: 'held' as const }
    const isHeld = await held(tx, input.blobId)
`,
      },
      { file: collect, from: 'if (await held(tx, input.blobId)) {', to: 'if (isHeld) {' },
    ],
    caughtBy: { rig: interleavings('commit blob'), says: /"collect blob" failed|broken: / },
  },
]
