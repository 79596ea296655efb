import { describe, expect, test } from 'bun:test'
import type { Arena } from './arena.ts'
import { facts, type Fact } from './facts.ts'
import type { invariants } from './invariants.ts'
import { onPostgres } from './on-postgres.ts'
import { rowsOf, states, type State } from './rows.ts'

/** Rows that break an invariant; foreign keys are not asked. */
const breaking: Record<keyof typeof invariants, string> = {
  'a link has its blob': 'insert into link (repository_id, blob_id, lease_until) values (1, 99, 0)',
  'a blob has bytes': 'delete from content where blob_id = 2',
  'inline bytes have their blob': `insert into content (blob_id, bytes) values (99, '')`,
  'a live object is held by one blob': `
    insert into blob (id, domain_id, digest, size, object_id) values (99, 1, 'sha256:copy', 10, 'present')`,
  'the object of a blob is live': `update object set state = 'doomed' where id = 'present'`,
  'a doomed object is queued': `delete from gc_queue where key = 'old'`,
  'an object being written is queued': `delete from gc_queue where kind = 'object' and key = 'second'`,
  'an open upload has an object being written': `update object set state = 'doomed' where id = 'first'`,
  'an upload is queued': `delete from gc_queue where kind = 'upload' and key = 'second'`,
  'a link without a manifest is queued': `delete from gc_queue where key = '2:1'`,
  'a blob that nothing holds is queued': `insert into blob (id, domain_id, digest, size) values (99, 1, 'sha256:lost', 1)`,
  'a manifest that nothing names is noted': 'delete from tag',
  'a manifest has its bytes': `update manifest set blob_id = 1 where digest = 'sha256:manifest'`,
  'a manifest keeps the links of its children': 'delete from link where repository_id = 1',
  'references have their manifest': 'delete from manifest',
  'a tag has its manifest': `update manifest set deleted_at = 1`,
  'a manifest that is hidden is in the trash': 'update manifest set deleted_at = 1',
  'a manifest in the trash is hidden': `update trash set kind = 'manifest'`,
  'a blob in the trash is hidden': `update trash set kind = 'blob', digest = 'sha256:layer'`,
  'a manifest or a blob is in the trash once': `
    update trash set kind = 'manifest';
    insert into trash (kind, namespace_id, repository_id, path, digest, cause, deleted_at, purge_at)
    select kind, namespace_id, repository_id, path, digest, cause, deleted_at, purge_at from trash`,
  'the history of a tag has no gap': `
    insert into tag_event (repository_id, name, at, to_digest) values (1, 'v1', 0, 'sha256:manifest')`,
  'the history of a tag ends with what it is': `delete from tag`,
  'a repository lies in the project that its path begins with': `update repository set path = 'crew/app' where id = 1`,
  'a name leads to one project': `insert into namespace_alias (name, namespace_id, created_at) values ('team', 1, 0)`,
  'what is deleted holds no manifest': 'update repository set deleted_at = 1 where id = 1',
  'what is in the trash can be told from what is there': `
    insert into trash (kind, namespace_id, path, cause, deleted_at, purge_at) values ('project', 1, 'team', 'person', 0, 0)`,
  'a grant has its role': `update access_grant set role = 'gone'`,
  'a job that runs has a claim, and no other one': `update job set claim = null where id = 2`,
  'an effect of a job is made once': `
    insert into job_line (job_id, number, at, text) values (1, 1, 0, 'effect'), (1, 2, 0, 'effect')`,
  'where root was, somebody may do everything': `delete from access_grant where role = 'admin'`,
}

/** Rows on which a promise is kept, and rows on which it is not. */
const promised: Record<Fact, readonly [kept: readonly [State, ...string[]], broken: readonly [State, ...string[]]]> = {
  'the layer is here': [['the lease is over'], ['the layer is damaged']],
  'the layer is gone': [['the layer is elsewhere'], ['the layer is leased']],
  'the layer is leased': [['the layer is leased'], ['the lease is over']],
  'manifest is here': [['a manifest refers to the layer'], ['the manifest was deleted']],
  'manifest is closed': [['a manifest refers to the layer'], ['a manifest refers to the hidden layer']],
  'manifest is gone': [['the manifest was deleted'], ['a manifest refers to the layer']],
  'other is here': [['two manifests refer to the layer'], ['a manifest refers to the layer']],
  'other is closed': [
    ['two manifests refer to the layer'],
    ['two manifests refer to the layer', `update object set state = 'damaged'`],
  ],
  'index is here': [['an index refers to the manifest'], ['a manifest refers to the layer']],
  'index is closed': [
    ['an index refers to the manifest'],
    ['an index refers to the manifest', 'update manifest set deleted_at = 1'],
  ],
  'plain is here': [
    ['a manifest refers to the layer', `update manifest set digest = 'sha256:plain'`],
    ['a manifest refers to the layer'],
  ],
  'plain is closed': [
    ['a manifest refers to the layer'],
    ['a manifest refers to the layer', `update reference set manifest_digest = 'sha256:plain', child_digest = 'sha256:lost'`],
  ],
  'v1 is manifest': [['a manifest refers to the layer'], ['two manifests refer to the layer']],
  'v1 is other': [['two manifests refer to the layer'], ['a manifest refers to the layer']],
  'v1 is plain': [
    ['a manifest refers to the layer', `update tag set digest = 'sha256:plain'`],
    ['a manifest refers to the layer'],
  ],
  'nothing is in the trash': [['the lease is over'], ['the tag is in the trash']],
  'v1 is gone': [['the lease is over'], ['a manifest refers to the layer']],
  'collection is held': [['collection is held'], ['the lease is over']],
  'collection is not held': [['the lease is over'], ['collection is held']],
  'there is a dave': [
    ['a manifest refers to the layer', `update account set name = 'dave' where name = 'alice'`],
    ['a manifest refers to the layer'],
  ],
  'alice is gone': [
    ['a manifest refers to the layer', `update account set deleted_at = 1 where name = 'alice'`],
    ['a manifest refers to the layer'],
  ],
  'alice is developer': [
    ['a manifest refers to the layer', `update access_grant set role = 'developer' where id = 3`],
    ['a manifest refers to the layer'],
  ],
  'alice is releaser': [
    ['a manifest refers to the layer', `update access_grant set role = 'releaser' where id = 3`],
    ['a manifest refers to the layer'],
  ],
  'the repository is frozen': [['the lease is over', `update repository set state = 'frozen'`], ['the lease is over']],
  'the project is archived': [['the lease is over', `update namespace set state = 'frozen'`], ['the lease is over']],
  'the project is renamed': [['the project was renamed'], ['the project was renamed', 'delete from namespace_alias']],
  'the project is being deleted': [['the project is being deleted'], ['the lease is over']],
  'job 2 is done': [
    ['jobs wait and run', `update job set state = 'done' where id = 2`],
    ['jobs wait and run'],
  ],
  'job 2 is cancelled or asked to end': [['jobs wait and run', `update job set cancel_requested = 1`], ['jobs wait and run']],
  'job 3 is cancelled or asked to end': [['jobs wait and run', `update job set cancel_requested = 1`], ['jobs wait and run']],
  'the run that was lost has no effect': [
    ['jobs wait and run'],
    ['jobs wait and run', `insert into job_line (job_id, number, at, text) values (3, 1, 0, 'effect')`],
  ],
  'the repository is not deleted': [['the lease is over'], ['the repository is in the trash']],
  'the repository is deleted': [['the repository is in the trash'], ['the lease is over']],
  'the project is not deleted': [['the lease is over'], ['the project is in the trash']],
  'nothing of number 1 is in the trash': [['the lease is over'], ['the project is in the trash']],
  'there is a crew': [['the project was renamed'], ['the lease is over']],
}

onPostgres('what must hold of the rows', 1, (arenas) => {
  const look = async (state: State, ...change: string[]) => {
    const arena = arenas[0] as Arena
    const unchecked = ['set session_replication_role = replica', ...change, 'set session_replication_role = origin']
    await arena.prepare([rowsOf(state), ...unchecked].join('; '))
    return await arena.look()
  }

  test.each(Object.keys(states) as State[])('holds at the start: %s', async (state) => {
    expect((await look(state)).brokenInvariants).toEqual([])
  })

  describe('is seen to be broken:', () => {
    test.each(Object.entries(breaking))('%s', async (name, change) => {
      expect((await look('a manifest refers to the layer', change)).brokenInvariants).toContain(name)
    })
  })

  describe('is kept, and is seen not to be:', () => {
    test.each(Object.keys(facts) as Fact[])('%s', async (fact) => {
      const [kept, broken] = promised[fact]
      expect((await look(...kept)).brokenFacts).not.toContain(fact)
      expect((await look(...broken)).brokenFacts).toContain(fact)
    })
  })
})
