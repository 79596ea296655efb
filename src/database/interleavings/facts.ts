import { layer, lease, now, renamed, repository } from './rows.ts'

/** What an acknowledgement may promise, each as a condition over the rows. */
const whole = (digest: string) => `exists (
  select 1 from blob b join link l on l.blob_id = b.id and l.deleted_at is null
  join repository r on r.id = l.repository_id and r.path in ('${repository}', '${renamed}')
  left join object o on o.id = b.object_id
  where b.digest = ${digest} and (o.state = 'live' or exists (select 1 from content c where c.blob_id = b.id)))`

const manifestHere = (name: string) => `exists (
  select 1 from manifest m join repository r on r.id = m.repository_id and r.path in ('${repository}', '${renamed}')
  join content c on c.blob_id = m.blob_id where m.digest = 'sha256:${name}' and m.deleted_at is null)`

const closed = (name: string) => `not exists (
  select 1 from reference f where f.manifest_digest = 'sha256:${name}' and not (
    ${whole('f.child_digest')} or exists (select 1 from manifest m where m.digest = f.child_digest and m.deleted_at is null)))`

const tagIs = (name: string) => `exists (
  select 1 from tag t join repository r on r.id = t.repository_id and r.path in ('${repository}', '${renamed}')
  where t.name = 'v1' and t.digest = 'sha256:${name}')`

const grantedTo = (account: string, role: string) => `exists (
  select 1 from access_grant g join account a on g.subject_kind = 'account' and a.id = g.subject_id
  where a.name = '${account}' and g.role = '${role}' and g.namespace_id = 1)`

const asked = (job: number) => `exists (select 1 from job where id = ${job} and cancel_requested = 1)`

export const facts = {
  'the layer is here': whole(`'${layer}'`),
  'the layer is gone': `not ${whole(`'${layer}'`)}`,
  'the layer is leased': `exists (
    select 1 from link l join blob b on b.id = l.blob_id
    join repository r on r.id = l.repository_id and r.path in ('${repository}', '${renamed}')
    where b.digest = '${layer}' and l.lease_until >= ${now + lease})`,
  'manifest is here': manifestHere('manifest'),
  'manifest is closed': closed('manifest'),
  'manifest is gone': `not ${manifestHere('manifest')}`,
  'other is here': manifestHere('other'),
  'other is closed': closed('other'),
  'index is here': manifestHere('index'),
  'index is closed': closed('index'),
  'plain is here': manifestHere('plain'),
  'plain is closed': closed('plain'),
  'v1 is manifest': tagIs('manifest'),
  'v1 is other': tagIs('other'),
  'v1 is plain': tagIs('plain'),
  'v1 is gone': `not exists (select 1 from tag t where t.name = 'v1')`,
  'nothing is in the trash': 'not exists (select 1 from trash)',
  'collection is held': 'exists (select 1 from collection_hold)',
  'collection is not held': 'not exists (select 1 from collection_hold)',
  'the repository is frozen': `exists (select 1 from repository where path in ('${repository}', '${renamed}') and state = 'frozen')`,
  'the project is archived': `exists (select 1 from namespace where id = 1 and state = 'frozen')`,
  'the project is renamed': `exists (
    select 1 from namespace n join namespace_alias a on a.namespace_id = n.id and a.name = 'team'
    where n.id = 1 and n.name = 'crew')`,
  'the project is being deleted': `exists (select 1 from namespace where id = 1 and (state = 'deleting' or deleted_at is not null))`,
  'the repository is not deleted': `exists (select 1 from repository where id = 1 and deleted_at is null)`,
  'the repository is deleted': `exists (select 1 from repository where id = 1 and deleted_at is not null)`,
  'the project is not deleted': `exists (select 1 from namespace where id = 1 and state <> 'deleting')`,
  'nothing of number 1 is in the trash': 'not exists (select 1 from trash where id = 1)',
  'there is a crew': `exists (select 1 from namespace where name = 'crew' and deleted_at is null)`,
  'there is a dave': `exists (select 1 from account where name = 'dave' and deleted_at is null)`,
  'alice is gone': `not exists (select 1 from account where name = 'alice' and deleted_at is null)`,
  'alice is developer': grantedTo('alice', 'developer'),
  'alice is releaser': grantedTo('alice', 'releaser'),
  'job 2 is done': `exists (select 1 from job where id = 2 and state = 'done')`,
  'job 2 is cancelled or asked to end': asked(2),
  'job 3 is cancelled or asked to end': asked(3),
  'the run that was lost has no effect': `not exists (select 1 from job_line where job_id = 3 and text = 'effect')`,
} satisfies Record<string, string>

export type Fact = keyof typeof facts

const broken = Object.entries(facts).map(([fact, condition]) => `select '${fact}' as fact where not (${condition})`)

/** Answers the facts that do not hold, as a list. */
export const brokenFacts = `select coalesce(json_agg(fact), '[]') as broken from (${broken.join(' union all ')}) facts`
