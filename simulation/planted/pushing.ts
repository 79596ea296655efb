import type { Plant } from './plant.ts'
import { faults, interleavings, kill, model, powerCut, world } from './rigs.ts'

const upload = 'src/registry/upload.ts'
const commitFile = 'src/storage/filesystem/commit-file.ts'
const blob = 'src/registry/blob-transactions.ts'
const manifest = 'src/registry/manifest-transactions.ts'
const session = 'src/registry/upload-transactions.ts'
const links = 'src/registry/link-store.ts'

/** How bytes come to exist. */
export const pushing: readonly Plant[] = [
  {
    name: 'the fsync of a file is dropped',
    invariant: 1,
    edits: [{ file: commitFile, from: 'await synced(() => file.sync())', to: '' }],
    caughtBy: { rig: world, says: /is live with \d+ bytes, and its file has/ },
  },
  {
    name: 'the fsync of the directory that gains the name is dropped',
    invariant: 1,
    edits: [{ file: commitFile, from: 'await synced(() => fs.syncDirectory(dirname(commit.to)))', to: '' }],
    caughtBy: { rig: world, says: /is live with \d+ bytes, and its file has gone/ },
  },
  {
    name: 'commits of SQLite are not synced',
    invariant: 1,
    edits: [
      { file: 'src/database/sqlite/connection.ts', from: 'pragma synchronous = full', to: 'pragma synchronous = off' },
      { file: 'src/database/sqlite/connection.ts', from: 'synchronous !== 2', to: 'synchronous !== 0' },
    ],
    caughtBy: { rig: powerCut, says: /is not there|problems in the data directory|no order of|answered 404|is not that of its data directory|cannot use the database/ },
  },
  {
    name: 'rows are committed before the file is',
    invariant: 1,
    edits: [
      { file: upload, from: '  await store.commit(objectId, objectKey, size)\n', to: '' },
      {
        file: upload,
        from: 'return await database.transact(commitBlob, { ...input, bytes: { objectId, key: objectKey }, evidence })\n',
        to: `const outcome = await database.transact(commitBlob, { ...input, bytes: { objectId, key: objectKey }, evidence })
  await store.commit(objectId, objectKey, size)
  return outcome\n`,
      },
    ],
    caughtBy: { rig: world, says: /is live with \d+ bytes, and its file has gone|has the object \w+, which is damaged/ },
  },
  {
    name: 'the file gets its name before the row has it',
    invariant: 1,
    edits: [
      { file: upload, from: '  resultOf(await database.transact(nameUploadObject, { objectId, key: objectKey }))\n', to: '' },
      {
        file: upload,
        from: '  await store.commit(objectId, objectKey, size)\n',
        to: `  await store.commit(objectId, objectKey, size)
  resultOf(await database.transact(nameUploadObject, { objectId, key: objectKey }))\n`,
      },
    ],
    caughtBy: { rig: faults(1), says: /file-misplaced/ },
  },
  {
    name: 'an answer goes out before its COMMIT',
    invariant: 1,
    edits: [
      {
        file: 'src/database/sqlite/merged-commit.ts',
        from: "    connection.execute('commit')\n    return replies",
        to: "    setTimeout(() => connection.execute('commit'), 3)\n    return replies",
      },
      {
        file: 'src/database/sqlite/writer-thread.ts',
        from: 'await new Promise<void>((resolve) => setImmediate(resolve))',
        to: 'await new Promise<void>((resolve) => setTimeout(resolve, 5))',
      },
    ],
    caughtBy: { rig: kill, says: /is not there|no order of|answered 404/ },
  },
  {
    name: '201 without a comparison of the digest',
    invariant: 2,
    edits: [{ file: upload, from: 'if (actual !== digest) await', to: 'if (actual.length !== digest.length) await' }],
    caughtBy: { rig: model, says: /the specification/ },
  },
  {
    name: 'a manifest is taken whose layers are not here',
    invariant: 3,
    edits: [{ file: manifest, from: 'if (missing.length > 0)', to: 'if (missing.length > 1e6)' }],
    caughtBy: { rig: model, says: /the specification/ },
  },
  {
    name: 'a manifest put does not lock the links of its children',
    invariant: 4,
    edits: [{ file: manifest, from: 'order by b.digest for key share of l', to: 'order by b.digest' }],
    caughtBy: { rig: interleavings('put manifest'), says: /broken: a manifest keeps the links of its children/ },
  },
  {
    name: 'the references of a manifest are not written',
    invariant: 3,
    edits: [{ file: manifest, from: 'if (children.length === 0)', to: 'if (children.length < 1e6)' }],
    caughtBy: { rig: world, says: /promised it/ },
  },
  {
    name: 'no reference is kept for what comes after its manifest',
    invariant: 3,
    edits: [{ file: manifest, from: 'const rows = children.map(', to: 'const rows = children.filter((child) => !absent.has(child.digest)).map(' }],
    caughtBy: { rig: model, says: /the specification/ },
  },
  {
    name: 'a blob is taken or inserted with DO NOTHING',
    invariant: 10,
    edits: [
      {
        file: links,
        from: `const take = statement<BlobRow>(\`
  insert into blob (domain_id, digest, size) values ($1, $2, $3)
  on conflict (domain_id, digest) do update set size = blob.size
  returning id, object_id\`)`,
        to: `const take = statement<BlobRow>({
  sqlite: \`
    insert into blob (domain_id, digest, size) values ($1, $2, $3)
    on conflict (domain_id, digest) do update set size = blob.size
    returning id, object_id\`,
  postgres: \`
    with inserted as (
      insert into blob (domain_id, digest, size) values ($1, $2, $3)
      on conflict (domain_id, digest) do nothing returning id, object_id)
    select id, object_id from inserted union all select id, object_id from blob where domain_id = $1 and digest = $2\`,
})`,
      },
    ],
    caughtBy: { rig: interleavings('commit blob'), says: /"commit blob" failed/ },
  },
  {
    name: 'a commit keeps a damaged object that was whole a moment ago',
    invariant: 1,
    edits: [
      {
        file: blob,
        from: `return (await tx.one(lockObject, present))?.state === 'live'`,
        to: 'return (await tx.one(lockObject, present)) !== undefined',
      },
    ],
    caughtBy: { rig: interleavings('commit blob that is there'), says: /was acknowledged, but not so: the layer is here/ },
  },
  {
    name: 'a blob that is replaced counts as one that was not there',
    invariant: 3,
    edits: [{ file: blob, from: `const kind = kept === 'replaced' ? 'blob.replace' : 'blob.commit'`, to: `const kind = 'blob.commit'` }],
    caughtBy: { rig: world, says: /promised it/ },
  },
  {
    name: 'an overtaken upload goes on',
    invariant: 1,
    slow: true,
    edits: [
      {
        file: session,
        from: `if (upload.state !== 'open' || upload.epoch !== Math.max(input.epoch, 1)) return`,
        to: `if (upload.state !== 'open') return`,
      },
      {
        file: session,
        from: '!(await holdsAlready(tx, upload, input, head, objectId)))',
        to: "!(await holdsAlready(tx, upload, input, head, objectId)) && input.id === '')",
      },
    ],
    caughtBy: { rig: world, says: /bytes are said to be there; step \d+ acknowledged/ },
  },
  {
    name: 'bytes are acknowledged in an object that may be given up',
    invariant: 4,
    edits: [{ file: 'src/registry/object-store.ts', from: "state = 'writing' for share`)", to: "state = 'writing'`)" }],
    caughtBy: { rig: interleavings('advance upload'), says: /broken: an open upload has an object being written/ },
  },
  {
    name: 'a mount asks no longer whether its source holds the blob',
    invariant: 6,
    edits: [
      {
        file: blob,
        from: '  join link l on l.blob_id = b.id and l.deleted_at is null\n  join repository r on r.id = l.repository_id and',
        to: '  join repository r on',
      },
    ],
    caughtBy: { rig: model, says: /the specification/ },
  },
]
