import { expect, test } from 'bun:test'
import { meet } from './encounter.ts'
import { onPostgres } from './on-postgres.ts'
import { operationNamed } from './operations.ts'
import { broken, type Rewrite } from './planted.ts'
import type { State } from './rows.ts'
import { pairOf } from './verdict.ts'

interface Defect {
  readonly what: string
  readonly of: string
  readonly rewrite: Rewrite
  readonly meeting: string
  readonly state: State
  /** What has to be found. */
  readonly finds: string
}

const without =
  (clause: string, of: RegExp): Rewrite =>
  (text) =>
    of.test(text) ? text.replace(clause, '') : text

const defects: readonly Defect[] = [
  {
    what: 'a run that was taken for dead makes its effect all the same',
    of: 'make effect of lost run',
    rewrite: (text) => text.replace('and claim = $2 and finished_at is null and due_at > $3', 'and $2::text is not null and $3::bigint > 0'),
    meeting: 'claim lost job',
    state: 'jobs wait and run',
    finds: '"make effect of lost run" was acknowledged, but not so: the run that was lost has no effect',
  },
  {
    what: 'a job is taken without a lock',
    of: 'claim job',
    rewrite: without('for update', /from job/),
    meeting: 'claim job',
    state: 'jobs wait and run',
    finds: 'what no serial order gives',
  },
  {
    what: 'the effect of a run and that it is made are two transactions',
    of: 'make effect',
    rewrite: (text) => (/set position/.test(text) ? undefined : text),
    meeting: 'make effect',
    state: 'jobs wait and run',
    finds: 'broken: an effect of a job is made once',
  },
  {
    what: 'the collector of links decides in the statement that locks',
    of: 'collect link',
    rewrite: (text) => {
      if (/^\s*select lease_until from link/.test(text)) {
        return `
          select l.lease_until from link l where l.repository_id = $1 and l.blob_id = $2 and not exists (
            select 1 from reference f join blob b on b.digest = f.child_digest where f.repository_id = $1 and b.id = $2)
          for update of l`
      }
      return /from reference/.test(text) ? undefined : text
    },
    meeting: 'put manifest',
    state: 'the lease is over',
    finds: 'broken: a manifest keeps the links of its children',
  },
  {
    what: 'the collector of links does not lock the blob against pushers',
    of: 'collect link',
    rewrite: (text) => text.replace(/(from blob where id = \$1) for update/, '$1 for key share'),
    meeting: 'commit blob',
    state: 'the layer has no link',
    finds: 'broken: a link without a manifest is queued',
  },
  {
    what: 'the rule about manifests does not lock the manifest',
    of: 'collect manifest',
    rewrite: without('for update of m for key share of b', /from manifest m join blob b/),
    meeting: 'put index',
    state: 'nothing names the manifest',
    finds: '"put index" was acknowledged, but not so: index is closed',
  },
  {
    what: 'the rule about manifests takes a manifest for unnamed that an index lists',
    of: 'collect manifest',
    rewrite: (text) => text.replace('where repository_id = $1 and child_digest = $2', "where repository_id = $1 and child_digest = $2 || 'x'"),
    meeting: 'put index',
    state: 'nothing names the manifest',
    finds: '"put index" was acknowledged, but not so: index is closed',
  },
  {
    what: 'the rule about manifests does not wait for who notes a manifest anew',
    of: 'collect manifest',
    rewrite: without('for update', /referrers_after from unnamed_manifest/),
    meeting: 'collect index',
    state: 'nothing names the index',
    finds: 'broken: a manifest that nothing names is noted',
  },
  {
    what: 'the collector of blobs takes no lock',
    of: 'collect blob',
    rewrite: without('for update', /from blob/),
    meeting: 'commit blob',
    state: 'the layer has no link',
    finds: '"collect blob" failed',
  },
  {
    what: 'a commit takes or inserts its blob with do nothing',
    of: 'commit blob',
    rewrite: (text) =>
      /^\s*insert into blob/.test(text)
        ? `with inserted as (
             insert into blob (domain_id, digest, size) values ($1, $2, $3)
             on conflict (domain_id, digest) do nothing returning id, object_id)
           select id, object_id from inserted union all select id, object_id from blob where domain_id = $1 and digest = $2`
        : text,
    meeting: 'collect blob',
    state: 'the layer has no link',
    finds: '"commit blob" failed',
  },
  {
    what: 'a manifest put does not lock the links of its children',
    of: 'put manifest',
    rewrite: without('for key share of l', /from blob b/),
    meeting: 'collect link',
    state: 'the lease is over',
    finds: 'broken: a manifest keeps the links of its children',
  },
  {
    what: 'a manifest put does not lock the links of its children',
    of: 'put manifest',
    rewrite: without('for key share of l', /from blob b/),
    meeting: 'delete blob',
    state: 'the lease is over',
    finds: 'broken: a manifest keeps the links of its children',
  },
  {
    what: 'a manifest put does not lock its repository',
    of: 'put manifest',
    rewrite: without('for share of r, n', /from repository/),
    meeting: 'freeze',
    state: 'the lease is over',
    finds: 'was acknowledged after the repository was frozen',
  },
  {
    what: 'a tag is moved without a lock',
    of: 'create tag',
    rewrite: without('for update', /from tag/),
    meeting: 'delete tag',
    state: 'two manifests refer to the layer',
    finds: 'broken: the history of a tag has no gap',
  },
  {
    what: 'a tag is compared with the condition without a lock',
    of: 'move tag from the other',
    rewrite: without('for update', /from tag/),
    meeting: 'create tag',
    state: 'two manifests refer to the layer',
    finds: 'what no serial order gives',
  },
  {
    what: 'whether a manifest is there is asked before its blob and its bytes are locked',
    of: 'put manifest where there is none',
    rewrite: (text) => {
      if (/^\s*insert into content/.test(text)) return 'insert into content (blob_id, bytes) values ($1, $2) on conflict do nothing'
      if (!/^\s*insert into blob/.test(text)) return text
      return 'select id, object_id from blob where domain_id = $1 and digest = $2 and size = $3'
    },
    meeting: 'put manifest where there is none',
    state: 'the manifest was deleted',
    finds: 'what no serial order gives',
  },
  {
    what: 'a deletion leaves the leases of the children as they are',
    of: 'delete manifest',
    rewrite: (text) => (/^\s*update link set lease_until/.test(text) ? undefined : text),
    meeting: 'collect link',
    state: 'a manifest refers to the layer',
    finds: '"delete manifest" was acknowledged, but not so: the layer is leased',
  },
  {
    what: 'a deletion does not lock the blob of its manifest',
    of: 'delete manifest',
    rewrite: without('for key share of b', /from manifest m/),
    meeting: 'collect blob of a manifest',
    state: 'a manifest refers to the layer',
    finds: 'broken: a blob that nothing holds is queued',
  },
  {
    what: 'bytes are acknowledged in an object that may be given up',
    of: 'advance upload',
    rewrite: without('for share', /from object/),
    meeting: 'collect object being written',
    state: 'the session has not told of its object',
    finds: 'broken: an open upload has an object being written',
  },
  {
    what: 'a step of the collector looks for holds without a lock',
    of: 'collect link',
    rewrite: without('for share', /from store/),
    meeting: 'hold collection',
    state: 'the lease is over',
    finds: '"collect link" was not held back',
  },
  {
    what: 'a hold does not wait for steps that have begun',
    of: 'hold collection',
    rewrite: without('for no key update', /from store/),
    meeting: 'collect blob',
    state: 'the lease is over',
    finds: '"collect blob" was not held back',
  },
  {
    what: 'the collector does not ask whether a blob is in the trash',
    of: 'collect link',
    rewrite: (text) =>
      text.startsWith('select id, purge_at from trash')
        ? 'select id, purge_at from trash where $1::bigint is null and $2::text is null and $3::text is null'
        : text,
    meeting: 'restore blob',
    state: 'the layer is in the trash and nothing refers to it',
    finds: 'broken: a blob in the trash is hidden',
  },
  {
    what: 'the manifest of a tag that is restored is looked for without a lock',
    of: 'restore tag',
    rewrite: without('for key share', /select deleted_at from manifest/),
    meeting: 'delete manifest into the trash',
    state: 'the tag is in the trash',
    finds: 'broken: a tag has its manifest',
  },
  {
    what: 'a repository is made in a project that may be renamed meanwhile',
    of: 'create tag in a new repository',
    rewrite: without('for share', /^select id from namespace/),
    meeting: 'rename project',
    state: 'the repository is not there',
    finds: 'broken: a repository lies in the project that its path begins with',
  },
  {
    what: 'a push makes a project under a name that leads to another one',
    of: 'create tag in a new repository',
    rewrite: (text) => (/from namespace_alias/.test(text) ? undefined : text),
    meeting: 'rename project',
    state: 'the repository is not there',
    finds: 'broken: a name leads to one project',
  },
  {
    what: 'a new name is looked for, and not kept until the project has it',
    of: 'rename project',
    rewrite: (text) =>
      /^\s*insert into namespace \(/.test(text)
        ? `select 0::bigint as id where $2::text <> '' and $3::bigint > 0
           and not exists (select 1 from namespace where name = $1 and deleted_at is null)`
        : text,
    meeting: 'create project',
    state: 'a manifest refers to the layer',
    finds: '"rename project" failed',
  },
  {
    what: 'a role is looked for without a lock when it is granted',
    of: 'add grant of a role that people made',
    rewrite: without('for share', /from role/),
    meeting: 'remove role',
    state: 'a manifest refers to the layer',
    finds: 'broken: a grant has its role',
  },
  {
    what: 'whether an administrator is left is asked without waiting for others who ask',
    of: 'remove an administrator',
    rewrite: (text) => (/^\s*update meta/.test(text) ? `select 1 from meta where name = 'rights'` : text),
    meeting: 'remove an administrator',
    state: 'a manifest refers to the layer',
    finds: 'broken: where root was, somebody may do everything',
  },
]

onPostgres('a planted defect is found', 1, (arenas) => {
  test.each(defects.map((defect) => [`${defect.what} (met by ${defect.meeting})`, defect] as const))(
    '%s',
    async (_title, { of, rewrite, meeting, state, finds }) => {
      const [arena] = arenas
      if (arena === undefined) throw new Error('no arena')
      const { faults } = await meet(arena, pairOf(broken(operationNamed(of), rewrite), operationNamed(meeting), state))
      expect([...faults.keys()].map((fault) => fault.slice(0, 300)).join('\n')).toContain(finds)
    },
    300_000,
  )
})
