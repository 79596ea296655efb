import type { Plant } from './plant.ts'
import { model, world } from './rigs.ts'

const restore = 'src/registry/restore-transactions.ts'
const runs = 'src/jobs/run-transactions.ts'
const tags = 'src/registry/tag-transactions.ts'

/** Trash, history and jobs, as the simulated world and the model see them. */
export const lifecycle: readonly Plant[] = [
  {
    name: 'the layers of an image in the trash go when their lease has ended',
    invariant: 3,
    edits: [
      {
        file: 'src/registry/link-store.ts',
        from: 'select 1 as one from reference where repository_id = $1 and child_digest = $2 limit 1',
        to: `select 1 as one from reference f
  join manifest m on m.repository_id = f.repository_id and m.digest = f.manifest_digest and m.deleted_at is null
  where f.repository_id = $1 and f.child_digest = $2 limit 1`,
      },
    ],
    caughtBy: { rig: world, says: /is held by nothing and not queued|names \S+, which is not there|promised it/ },
  },
  {
    name: 'a revert takes the moves back that it undoes',
    invariant: 5,
    edits: [
      {
        file: tags,
        from: `/** Why a tag can't be pointed at a manifest. */`,
        to: `const forget = statement(\`
  delete from tag_event where repository_id = $1 and name = $2 and id > (
    select min(id) from tag_event where repository_id = $1 and name = $2 and to_digest = $3)\`)\n`,
      },
      {
        file: tags,
        from: `  return await record(tx, { kind: 'tag.revert'`,
        to: `  await tx.run(forget, repository.id, tag.name, digest)\n  return await record(tx, { kind: 'tag.revert'`,
      },
    ],
    caughtBy: { rig: world, says: /has a gap before move|not those that are kept|there is no such move/ },
  },
  {
    name: 'a restored tag names the newest manifest, and not its own',
    invariant: 5,
    edits: [
      {
        file: restore,
        from: `select deleted_at from manifest where repository_id = $1 and digest = $2 for key share\`)`,
        to: `select deleted_at from manifest where repository_id = $1 and digest = $2 for key share\`)
const newest = statement<{ digest: string }>(
  'select digest from manifest where repository_id = $1 and deleted_at is null order by pushed_at desc, digest limit 1')`,
      },
      {
        file: restore,
        from: 'const refusal = await makeTag(tx, restoring, name)',
        to: 'const refusal = await makeTag(tx, { ...restoring, digest: (await tx.one(newest, repository.id))?.digest ?? digest }, name)',
      },
    ],
    caughtBy: { rig: model, says: /the specification/ },
  },
  {
    name: 'a blob that comes out of the trash has no lease',
    invariant: 4,
    edits: [
      {
        file: restore,
        from: '{ id: blob.id, digest }, tx.now + input.lease)',
        to: '{ id: blob.id, digest }, Math.min(tx.now, tx.now + input.lease))',
      },
    ],
    caughtBy: { rig: model, says: /the specification/ },
  },
  {
    name: 'a job is taken while somebody runs it',
    invariant: 10,
    edits: [
      { file: runs, from: 'finished_at is null and (due_at <= $2 or claim = $3) for update', to: 'finished_at is null and (due_at <= $2 + 86400000 or claim = $3) for update' },
    ],
    caughtBy: { rig: world, says: /two workers run it at a time/ },
  },
]
