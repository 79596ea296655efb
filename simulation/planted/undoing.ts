import type { Plant } from './plant.ts'
import { unit } from './rigs.ts'

const trash = 'src/registry/trash.ts'
const store = 'src/registry/trash-store.ts'
const purge = 'src/registry/purge-transactions.ts'
const restore = 'src/registry/restore-transactions.ts'
const rule = 'src/registry/untagged-transactions.ts'
const tags = 'src/registry/tag-transactions.ts'
const plan = 'src/features/plan-delete/plan-store.ts'

const trashTest = (test: string) => unit('src/registry/trash.test.ts', test)
const endTest = (test: string) => unit('src/registry/trash-end.test.ts', test)
const tagsTest = (test: string) => unit('src/registry/tags.test.ts', test)
const ruleTest = (test: string) => unit('src/registry/untagged.test.ts', test)
const planTest = (test: string) => unit('src/features/plan-delete/plan-delete.test.ts', test)

/** The way back: trash, history and what tells before a deletion what it takes; and what is added up meanwhile. */
export const undoing: readonly Plant[] = [
  {
    name: 'the trash does not count as a holder',
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
    caughtBy: { rig: trashTest('it comes back with the same bytes and its tags'), says: /await h\.blob\(layer\)\]\).*\n\s*\^/ },
  },
  {
    name: 'a blob in the trash goes when its lease has ended',
    invariant: 3,
    edits: [
      {
        file: 'src/registry/collect-transactions.ts',
        from: 'return kept === undefined ? 0 : Math.max(kept.purge_at, tx.now + pauseInTrash)',
        to: 'return kept === undefined ? 0 : Math.min(kept.purge_at, tx.now - pauseInTrash)',
      },
    ],
    caughtBy: { rig: trashTest('a blob is gone for readers and mounts, and restored'), says: /TRASH_UNKNOWN/ },
  },
  {
    name: 'what is in the trash goes before its time',
    invariant: 3,
    edits: [
      { file: purge, from: `    if (row.purge_at > tx.now) return { ok: 'kept' }\n`, to: '' },
      { file: store, from: "sqlite: `select id from trash where purge_at <= $1 and", to: "sqlite: `select id from trash where deleted_at <= $1 and" },
    ],
    caughtBy: { rig: trashTest('it comes back with the same bytes and its tags'), says: /expect\(await h\.listed\(\)\).*\n\s*\^/ },
  },
  {
    name: 'what is purged leaves no lease',
    invariant: 4,
    edits: [
      {
        file: purge,
        from: '{ digest, blobId: manifest.blob_id }, tx.now + lease, namedUntil)',
        to: '{ digest, blobId: manifest.blob_id }, Math.min(tx.now, tx.now + lease), namedUntil)',
      },
    ],
    caughtBy: { rig: endTest('at once for whoever purges it'), says: /expect\(await h\.blob\(layer\)\).*\n\s*\^/ },
  },
  {
    name: 'a push leaves what it brings back in the trash',
    invariant: 3,
    edits: [
      {
        file: 'src/registry/manifest-transactions.ts',
        from: `  return await takeOutOf(tx, repositoryId, digest, 'manifest')`,
        to: `  return repositoryId < 0 ? await takeOutOf(tx, repositoryId, digest, 'manifest') : {}`,
      },
    ],
    caughtBy: { rig: trashTest('a push of the same manifest takes it out'), says: /await h\.left\(\)\]\).*\n\s*\^/ },
  },
  {
    name: 'a restore forgets the referrers that went with the manifest',
    invariant: 3,
    edits: [{ file: restore, from: '[[hiddenChildren], [hiddenReferrers, hiddenChildren]]', to: '[[hiddenChildren]]' }],
    caughtBy: { rig: trashTest('what a rule put there because of it comes back with it'), says: /restored\.manifests\].*\n\s*\^/ },
  },
  {
    name: 'a tag is restored over another one',
    invariant: 5,
    edits: [{ file: restore, from: `{ match: undefined, noneMatch: 'any' }`, to: '{ match: undefined, noneMatch: undefined }' }],
    caughtBy: { rig: trashTest('a tag is not restored over another one'), says: /expect\(refused\)\.toMatchObject.*\n\s*\^/ },
  },
  {
    name: 'a restore makes tags that its caller may not make',
    invariant: 12,
    edits: [{ file: restore, from: 'if (input.tags === undefined) return undefined', to: `if (input.tags === undefined || name !== '') return undefined` }],
    caughtBy: { rig: endTest('create the tag: a rule about it holds for its return as well'), says: /toBe\('DENIED'\)\s*\n\s*\^/ },
  },
  {
    name: 'who may restore may purge',
    invariant: 6,
    edits: [{ file: trash, from: "findAdmitted(deps, actor, 'purge', id)", to: "findAdmitted(deps, actor, 'restore', id)" }],
    caughtBy: { rig: endTest('purge: who may only restore may not'), says: /toEqual\(\['DENIED', 'ok'\]\)\s*\n\s*\^/ },
  },
  {
    name: 'a repository is purged without the permission for it',
    invariant: 6,
    edits: [
      {
        file: 'src/features/trash/routes.ts',
        from: `await repositories.purge(await commandOf(rights, caller, entry, ['content.purge']))`,
        to: 'await repositories.purge(await commandOf(rights, caller, entry, []))',
      },
    ],
    caughtBy: { rig: unit('src/features/trash/routes.test.ts', 'each may do what the guide says'), says: /expect\(await refused\(as\('maintainer'\), 'DELETE'.*\n\s*\^/ },
  },
  {
    name: 'the history is lost on a revert',
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
    caughtBy: { rig: tagsTest('to a digest or to what was then, as one more move'), says: /expect\(moves\.map.*\n\s*\^|TAG_UNKNOWN_THEN/ },
  },
  {
    name: 'a revert does not look what the tag is now',
    invariant: 5,
    edits: [{ file: tags, from: '{ identity: actor.identity, precondition })', to: '{ identity: actor.identity, precondition: digest.length === 0 ? precondition : undefined })' }],
    caughtBy: { rig: tagsTest('only from what they are expected to be'), says: /'PRECONDITION_FAILED', b\]\)\s*\n\s*\^/ },
  },
  {
    name: 'a tag goes back to what is in the trash',
    invariant: 3,
    edits: [{ file: tags, from: 'if (manifest.deleted_at !== null) {', to: 'if (manifest.deleted_at === -1) {' }],
    caughtBy: { rig: tagsTest('to nothing that is gone, damaged, in the trash'), says: /expect\(refused\)\.toMatchObject.*\n\s*\^/ },
  },
  {
    name: 'the rule about untagged manifests ignores what runs in a cluster',
    invariant: 3,
    edits: [{ file: rule, from: 'if (await isInUse(tx, repositoryId, digest)) return tx.now', to: 'if ((await isInUse(tx, repositoryId, digest)) && repositoryId < 0) return tx.now' }],
    caughtBy: { rig: ruleTest('leaves what runs in a cluster'), says: /expect\(await here\(\)\)\.toEqual\(\[running\]\)\s*\n\s*\^/ },
  },
  {
    name: 'the rule about untagged manifests ignores tags that can come back',
    invariant: 3,
    edits: [{ file: rule, from: 'if ((await tx.one(taggedInTrash, repositoryId, digest)) !== undefined) return tx.now\n', to: '\n' }],
    caughtBy: { rig: ruleTest('leaves what a tag in the trash would need'), says: /expect\(await here\(\)\)\.toEqual\(\[image\]\)\s*\n\s*\^/ },
  },
  {
    name: 'the plan of a deletion forgets what other repositories hold',
    invariant: 3,
    edits: [{ file: plan, from: '  exists (select 1 from link o where o.blob_id = b.id and o.repository_id <> $1)\n  or ', to: '  ' }],
    caughtBy: { rig: planTest('of a manifest takes its tags, and names what it leaves behind'), says: /toMatchObject/ },
  },
  {
    name: 'the plan of a deletion forgets the other manifests of its repository',
    invariant: 3,
    edits: [{ file: plan, from: '${flag(`exists (${others}) or ${isManifestHere}`)} as here', to: '${flag(isManifestHere)} as here' }],
    caughtBy: { rig: planTest('frees what it says, whatever is shared'), says: /"freed": \d+/ },
  },
  {
    name: 'what was stored is counted twice after a takeover',
    invariant: 10,
    edits: [{ file: 'src/features/usage/count-job.ts', from: '= [resumed, before]', to: '= [resumed - 1, before]' }],
    caughtBy: { rig: unit('src/features/usage/count-job.test.ts', 'a count that was broken off goes on'), says: /expect\(await rows\(\)\)\.toEqual\(whole\)\s*\n\s*\^/ },
  },
  {
    name: 'a batch of usage counts twice when its answer was lost',
    invariant: 10,
    edits: [{ file: 'src/features/usage/usage-transactions.ts', from: 'usage_writer.batch < excluded.batch', to: 'usage_writer.batch <= excluded.batch' }],
    caughtBy: { rig: unit('src/features/usage/meter.test.ts', 'a batch that is sent again after its answer was lost counts once'), says: /pulls: 2, pushed_bytes: 8 \}\]\)\s*\n\s*\^/ },
  },
]
