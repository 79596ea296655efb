import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../../database/for-each-database.testing.ts'
import { statement, transaction, type Tx } from '../../database/index.ts'
import type { JobRun } from '../../jobs/index.ts'
import { claimedRun } from '../../jobs/job-run.testing.ts'
import { systemClock } from '../../lib/index.ts'
import { allowAll } from '../../registry/index.ts'
import { byTag, createTestRegistry, manifestOf, pushBlob, pushManifest, type TestRegistry } from '../../registry/test-registry.testing.ts'
import type { CountPayload } from './count-job-shapes.ts'
import { createCountJob } from './count-job.ts'
import { storedMetric } from './stored-metric.ts'

interface Row {
  readonly path: string | null
  readonly logical: number
  readonly deduplicated: number
  readonly trash: number
}

const counted = statement<Row>(`
  select r.path, s.logical, s.deduplicated, s.trash from usage_stored s
  left join repository r on r.id = s.repository_id order by s.namespace_id, s.repository_id`)
const wholeBlobs = statement<{ blobs: number; blob_bytes: number }>('select blobs, blob_bytes from usage_stored where blobs is not null')
const hideManifest = statement('update manifest set deleted_at = 1 where digest = $1')
const hideRepository = statement('update repository set deleted_at = 1 where path = $1')
const endProject = statement('update namespace set deleted_at = 1 where name = $1')
const discardProject = statement(`update namespace set state = 'deleting' where name = $1`)
const hide = transaction('hide in a test', async (tx: Tx, { what, name }: { readonly what: 'manifest' | 'repository' | 'project' | 'room'; readonly name: string }) => {
  return { ok: await tx.run({ manifest: hideManifest, repository: hideRepository, project: endProject, room: discardProject }[what], name) }
})

forEachDatabase('the count of what is stored', (kind) => {
  let t: TestRegistry
  beforeEach(async () => {
    t = await createTestRegistry(kind, allowAll, [hide])
  })
  afterEach(() => t.dispose())

  const text = (length: number, seed = 'x'): string => seed.repeat(length)
  const blob = async (path: string, content: string) => ({ digest: await pushBlob(t.registry, path, content), size: content.length })
  /** Answers its size as well. */
  const image = async (path: string, tag: string, layers: readonly string[]) => {
    const config = await blob(path, '{}')
    const document = manifestOf(await Promise.all(layers.map((layer) => blob(path, layer))), config)
    return { digest: await pushManifest(t.registry, path, byTag(tag), document), size: JSON.stringify(document).length }
  }
  const run = async (changes: Partial<JobRun<CountPayload>> = {}): Promise<unknown> => {
    // No two of them begin at the same moment.
    t.clock.advance(1)
    return await createCountJob({ database: t.database, clock: systemClock }).run(await claimedRun(t.database, {}, changes))
  }
  const rows = async () => Object.fromEntries((await t.database.all(counted)).map(({ path, ...sums }, at) => [path ?? (at === 0 ? 'all' : `project ${at}`), Object.values(sums)]))

  test('counts a blob once in a repository, once in a project, and for each manifest that has it', async () => {
    const one = await image('team/app', 'v1', [text(1_000), text(300, 'a')])
    const two = await image('team/app', 'v2', [text(1_000), text(200, 'b')])
    const third = await image('team/web', 'v1', [text(1_000)])
    const other = await image('other/app', 'v1', [text(1_000)])
    expect([...(await storedMetric(t.database).samples())]).toEqual([])
    expect(await run()).toMatchObject({ projects: 2, repositories: 3 })
    const app = [1_302 + one.size + (1_202 + two.size), 1_502 + one.size + two.size, 0]
    const web = [1_002 + third.size, 1_002 + third.size, 0]
    const own = [1_002 + other.size, 1_002 + other.size, 0]
    const team = [(app[0] ?? 0) + (web[0] ?? 0), 1_502 + one.size + two.size + third.size, 0]
    expect(await rows()).toEqual({
      all: team.map((sum, at) => sum + (own[at] ?? 0)),
      'project 1': team,
      'team/app': app,
      'team/web': web,
      'project 4': own,
      'other/app': own,
    })
    expect([...(await storedMetric(t.database).samples())].map(({ value }) => value)).toEqual(team.map((sum, at) => sum + (own[at] ?? 0)))
    // The two of one layer are the same.
    expect(await t.database.all(wholeBlobs)).toEqual([{ blobs: 7, blob_bytes: 1_502 + one.size + two.size + third.size }])
  })

  test('counts as trash what nothing but the trash holds', async () => {
    const kept = await image('team/app', 'v1', [text(1_000)])
    const gone = await image('team/app', 'v2', [text(1_000), text(300, 'a')])
    await t.database.transact(hide, { what: 'manifest', name: gone.digest })
    await run()
    const app = [1_002 + kept.size, 1_002 + kept.size, 300 + gone.size]
    expect(await rows()).toEqual({ all: app, 'project 1': app, 'team/app': app })
    const copy = await image('team/copy', 'v1', [text(300, 'a')])
    await run()
    // The repository would be rid of it, the project would not.
    expect((await rows())['team/app']).toEqual(app)
    expect((await rows())['project 1']?.[2]).toBe(gone.size)
    await t.database.transact(hide, { what: 'repository', name: 'team/copy' })
    await run()
    expect((await rows())['team/copy']).toEqual([0, 0, 302 + copy.size])
    expect((await rows())['project 1']?.slice(1)).toEqual([1_002 + kept.size, 300 + gone.size + copy.size])
  })

  test('tells nothing of what a repository names and does not have', async () => {
    await pushBlob(t.registry, 'secret/app', text(5_000))
    const elsewhere = await pushBlob(t.registry, 'secret/app', text(5_000))
    const config = await blob('team/app', '{}')
    const document = manifestOf([{ digest: elsewhere, size: 5_000 }], config)
    await pushManifest(t.another({ sparse: 'all' }), 'team/app', byTag('v1'), document)
    await run()
    const size = JSON.stringify(document).length + 2
    expect((await rows())['team/app']).toEqual([size, size, 0])
  })

  test('a count that was broken off goes on with the project it was in, and ends as one in one go', async () => {
    for (const project of ['a', 'b', 'c']) for (const name of ['one', 'two']) await image(`${project}/${name}`, 'v1', [text(100, project), text(50)])
    await run()
    const whole = await rows()
    const stop = new AbortController()
    let position: unknown
    let kept = 0
    const keep = (next: unknown): void => {
      position = next
      if (++kept === 2) stop.abort(new Error('the process ends'))
    }
    await expect(run({ signal: stop.signal, keep })).rejects.toThrow('the process ends')
    await run({ position })
    expect(await rows()).toEqual(whole)
  })

  test('a count whose run was taken for dead overwrites nothing of what another one found', async () => {
    await image('team/app', 'v1', [text(1_000)])
    const late = await claimedRun<CountPayload>(t.database, {})
    t.clock.advance(3_600_000)
    await run()
    const found = await rows()
    await image('team/app', 'v2', [text(500, 'c')])
    await expect(createCountJob({ database: t.database, clock: systemClock }).run(late)).rejects.toThrow('JOB_RUN_LOST')
    expect(await rows()).toEqual(found)
  })

  test('forgets what was counted of a project that is gone, and of a repository', async () => {
    await image('team/app', 'v1', [text(100)])
    await image('other/app', 'v1', [text(100)])
    await run()
    await t.database.transact(hide, { what: 'room', name: 'other' })
    await run()
    expect((await rows())['other/app']?.slice(0, 2)).toEqual([0, 0])
    await t.database.transact(hide, { what: 'project', name: 'other' })
    await run()
    expect(Object.keys(await rows())).toEqual(['all', 'project 1', 'team/app'])
  })
})
