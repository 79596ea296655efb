import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createProgram, type ProgramDeps } from '../src/cli/index.ts'
import { forEachDatabase } from '../src/database/for-each-database.testing.ts'
import { createManagementWorld, rootPassword } from '../src/management.testing.ts'
import { byTag, manifestOf, pushBlob, pushManifest } from '../src/registry/test-registry.testing.ts'

const read = (page: string) => readFileSync(join(import.meta.dir, '../docs/guide', page), 'utf8')
const blocks = (page: string) => [...read(page).matchAll(/```sh\n([^]*?)```/g)].map(([, lines = '']) => lines)

const pages = ['first-push.md', 'refused.md', 'jobs.md', 'usage.md', 'free-space.md', 'tags.md', 'before-you-delete.md', 'trash.md']
test.each(pages)('both languages of %s type the same', (page) => {
  expect(blocks(`zh-CN/${page}`)).toEqual(blocks(page))
  expect(blocks(page).length).toBeGreaterThan(1)
})

const words = { admin: 'Early 5 badgers nap', given: 'Quiet 9 herons wade', alice: 'Slow 8 otters drift' }

forEachDatabase('with a server, the guide', (kind) => {
  if (kind.dialect === 'postgres') return
  const folder = mkdtempSync(join(tmpdir(), 'berth-guide-'))
  let world: Awaited<ReturnType<typeof createManagementWorld>>
  beforeAll(async () => {
    world = await createManagementWorld(kind, 604_800_000)
  })
  afterAll(async () => {
    await world.dispose()
    rmSync(folder, { recursive: true })
  })

  /** Types one line; what is asked for is taken from `typed`, in its order. */
  async function type(line: string, typed: string[]): Promise<string> {
    let said = ''
    const next = () => Promise.resolve(typed.shift() ?? '')
    const deps = {
      version: 'test',
      environment: { variables: new Map(), language: 'en' },
      userFolder: folder,
      cwd: folder,
      print: (text: string) => void (said += text),
      printError: (text: string) => void (said += text),
      input: { isTerminal: true, readAll: next, readLine: next, readHidden: (...questions: string[]) => Promise.all(questions.map(next)) },
      send: (url: string, init: RequestInit) => world.fetch(url, init),
      watched: false,
      pause: () => Bun.sleep(20),
    } as unknown as ProgramDeps
    const argv = (line.match(/'[^']*'|\S+/g) ?? []).slice(1).map((word) => word.replace(/^'(.*)'$/, '$1'))
    const code = await createProgram(deps).run(argv)
    if (code !== 0) throw new Error(`${line} ended with ${code}: ${said}`)
    return said
  }

  const typeAll = async (block: string | undefined, typed: string[]) => {
    let said = ''
    for (const line of (block ?? '').split('\n')) if (line.startsWith('berth ')) said += await type(line, typed)
    return said
  }
  const logIn = (user: 'admin' | 'alice') => type(`berth login registry.example -u ${user}`, [words[user]])

  test('leads from the login to what is needed for a push, and tells why something is refused', async () => {
    const [administrator, rule, user, , token, , pipeline] = blocks('first-push.md')
    expect(await typeAll(administrator, [rootPassword, words.admin, words.admin, words.given])).toContain('alice')
    expect(await typeAll(user, [words.given, words.alice, words.alice])).toContain('team')
    expect(await typeAll(token, [])).toMatch(/bpt_[\w-]{20}/)
    await logIn('admin')
    expect(await typeAll(pipeline, [])).toMatch(/brt_[\w-]{20}/)
    await typeAll(rule, [])
    const [own, others] = blocks('refused.md')
    await logIn('alice')
    expect(await typeAll(own, [])).toContain('release-*')
    await logIn('admin')
    expect(await typeAll(others, [])).toContain('developer')
  })

  test('says what a deletion takes, and what runs', async () => {
    const { open: registry } = world
    const config = { digest: await pushBlob(registry, 'team/app', '{}'), size: 2 }
    const layer = { digest: await pushBlob(registry, 'team/app', 'a layer'), size: 7 }
    const digest = await pushManifest(registry, 'team/app', byTag('1.4'), manifestOf([layer], config))
    writeFileSync(join(folder, 'running.txt'), `registry.example/team/app@${digest}\n\n`)
    const [plans, inventory] = blocks('before-you-delete.md')
    expect(await typeAll(inventory, [])).toContain('prod')
    const said = await typeAll(plans, [])
    const parts = ['"kind": "tag"', 'tags that go (1): 1.4', 'runs in clusters (1): prod (seen 20', ', 7d 1h 1m after the deletion', 'manifests that go: ']
    for (const part of parts) expect(said).toContain(part)
  })

  test('starts jobs, watches them and cancels one', async () => {
    const end = world.runJobs()
    const [begun, shown, cancelled, schedules] = blocks('jobs.md')
    expect(await typeAll(begun, [])).toContain('done')
    expect(await typeAll(shown, [])).toContain('all is well')
    await end()
    expect(await typeAll(cancelled, [])).toContain('cancelled')
    expect(await typeAll(schedules, [])).toContain('Europe/Berlin')
  })

  test('shows what is used and stored', async () => {
    const [shown, counted] = blocks('usage.md')
    expect(await typeAll(shown, [])).toContain('team')
    const end = world.runJobs()
    expect(await typeAll(counted, [])).toContain('done')
    await end()
    expect(await type('berth usage', [])).toMatch(/team .*0 B/)
  })

  test('says what would be freed, and frees it', async () => {
    const end = world.runJobs()
    const [commands = ''] = blocks('free-space.md')
    expect(commands.split('\n').filter((line) => line.startsWith('berth gc'))).toHaveLength(3)
    expect(await typeAll(commands, [])).toContain('all is well')
    await end()
    const { items } = (await world.send(`admin:${words.admin}`, 'GET', '/jobs?kind=gc.run')).json as { readonly items: readonly { readonly state: string; readonly payload: unknown }[] }
    expect(items.map(({ state, payload }) => ({ state, payload }))).toEqual([
      { state: 'done', payload: { dryRun: false, deleteUntagged: false } },
      { state: 'done', payload: { dryRun: false, deleteUntagged: false } },
      { state: 'done', payload: { dryRun: true, deleteUntagged: false } },
    ])
  })

  test('lists tags, shows what one was, and goes back', async () => {
    const manifest = (n: number) => new TextEncoder().encode(`{"schemaVersion":2,"manifests":[],"annotations":{"n":"${n}"}}`)
    const first = await world.push('1.4', manifest(1))
    // Past the moment that the page names.
    world.clock.advance(Date.parse('2026-02-01T00:00:00Z') - world.clock.now())
    const second = await world.push('1.4', manifest(2))
    await world.push('1.10', manifest(3))
    await logIn('admin')
    const [lists, history, then, back] = blocks('tags.md')
    expect(await typeAll(lists, [])).toMatch(/\n1\.10 [^]*\n1\.4 [^]*\n1\.10 [^]*\n1\.4 /)
    expect(await typeAll(history, [])).toContain(second)
    expect(await typeAll(then, [])).toContain(first)
    expect(await typeAll(back, [])).toContain(first)
    expect(await typeAll(history, [])).toMatch(new RegExp(`${second} +${first}`))
  })

  test('brings back what was deleted, and ends it', async () => {
    await logIn('admin')
    await world.pushImage('team/web/app')
    const [restored, project, purged] = blocks('trash.md')
    expect(await typeAll(restored, ['y'])).toMatch(/repository +team\/web\/app/)
    expect(await typeAll(project, ['y'])).toMatch(/project +team/)
    await typeAll(purged, ['y', 'y'])
    expect(await type('berth trash list team', [])).not.toContain('web/app')
  })
})
