import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { forEachDatabase } from '../../database/for-each-database.testing.ts'
import type { Job, Jobs } from '../../jobs/index.ts'
import { createManualClock } from '../../lib/index.ts'
import { createManagementWorld, rootPassword } from '../../management.testing.ts'
import { createFollowers } from './follow-job.ts'

interface Message {
  readonly id: string
  readonly event: string
  readonly data: Readonly<Record<string, unknown>>
}

forEachDatabase('the events of a job', (kind) => {
  let t: Awaited<ReturnType<typeof createManagementWorld>>
  const password = 'plum-Canoe 78 riddle'
  const admin = `admin:${password}`
  let job: string
  beforeEach(async () => {
    t = await createManagementWorld(kind)
    await t.send(`admin:${rootPassword}`, 'PUT', '/whoami/password', { current: rootPassword, password })
    job = String((await t.send(admin, 'POST', '/jobs', { kind: 'integrity.check' })).json.id)
  })
  afterEach(() => t.dispose())

  /** Reads messages until one is as wanted, or the stream ends, while time goes on. */
  async function read(response: Response, isLast: (message: Message) => boolean = () => false, onText: (text: string) => void = () => undefined) {
    const messages: Message[] = []
    let text = ''
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    for (;;) {
      const next = reader.read()
      let got: Awaited<typeof next> | undefined
      void next.then((result) => (got = result))
      // By the time that a database takes, and not by turns: a slow one is not to be left behind by the clock of the stream, nor rights be unknown
      // for five seconds of it, which ends a stream.
      for (let [began, moved] = [performance.now(), performance.now()]; got === undefined && moved - began < 20_000; ) {
        await new Promise((resolve) => setImmediate(resolve))
        if (performance.now() - moved < 20) continue
        moved = performance.now()
        t.clock.advance(1_000)
      }
      if (got === undefined) throw new Error('nothing comes')
      if (got.done) return { messages, text, reader, ended: true }
      const part = Buffer.from(got.value).toString()
      text += part
      onText(text)
      const found = /^id: (.*)\nevent: (.*)\ndata: (.*)\n\n$/.exec(part)
      if (found === null) continue
      const message = { id: found[1] ?? '', event: found[2] ?? '', data: JSON.parse(found[3] ?? '') as Message['data'] }
      messages.push(message)
      if (isLast(message)) return { messages, text, reader, ended: false }
    }
  }
  async function runToEnd(): Promise<void> {
    const end = t.runJobs()
    const state = async (): Promise<unknown> => (await t.send(admin, 'GET', `/jobs/${job}`)).json.state
    for (const until = performance.now() + 20_000; (await state()) !== 'done' && performance.now() < until; ) await new Promise((resolve) => setImmediate(resolve))
    await end()
    expect(await state()).toBe('done')
  }
  const names = ({ messages }: { readonly messages: readonly Message[] }) => messages.map(({ id, event, data }) => `${id} ${event} ${String(data['text'] ?? data['state'])}`)

  test('are how it is, each line of its log, and its end', async () => {
    const response = await t.follow(admin, `/jobs/${job}/events`)
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
    const first = await read(response, ({ event }) => event === 'job')
    expect(first.text).toStartWith('retry: 1000\n\n')
    expect(names(first)).toEqual(['0 job queued'])
    await first.reader.cancel()
    const end = t.runJobs()
    const whole = await read(await t.follow(admin, `/jobs/${job}/events`))
    await end()
    expect(whole.ended).toBe(true)
    expect(names(whole).filter((name) => !name.includes(' job '))).toEqual(['1 line begun', '2 line half of it', '3 line all is well', '3 end done'])
    // Who lost the stream gets what came after.
    const later = await read(await t.follow(admin, `/jobs/${job}/events`, { 'last-event-id': '2' }))
    expect(names(later)).toEqual(['3 line all is well', '3 end done'])
    expect(names(await read(await t.follow(admin, `/jobs/${job}/events`, { 'last-event-id': 'of another server' })))).toHaveLength(4)
  })

  test('go on with signs of life while nothing happens, and end with the process', async () => {
    const response = await t.follow(admin, `/jobs/${job}/events`)
    const { text, ended } = await read(response, undefined, (said) => said.endsWith('\n:\n\n') && t.ending.abort())
    expect(ended).toBe(true)
    expect(text).toEndWith('\n:\n\n')
  })

  test('are followed a bounded number of times by one who asks, and again when one of them has ended', async () => {
    const open = await Promise.all(Array.from({ length: 16 }, async () => await t.follow(admin, `/jobs/${job}/events`)))
    const refused = await t.follow(admin, `/jobs/${job}/events`)
    expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([429, 'too-many-streams'])
    await open[0]?.body?.cancel()
    expect((await t.follow(admin, `/jobs/${job}/events`)).status).toBe(200)
  })

  describe('end for whoever may see them no longer, and show nothing that came later', () => {
    const own = 'Slow 8 otters drift'
    let grant: string
    beforeEach(async () => {
      await t.send(admin, 'POST', '/accounts', { name: 'olga', password: `${own} first` })
      await t.send(`olga:${own} first`, 'PUT', '/whoami/password', { current: `${own} first`, password: own })
      grant = String((await t.send(admin, 'POST', '/grants', { subject: { kind: 'account', name: 'olga' }, role: 'ops' })).json.id)
    })

    test.each([
      ['the right is taken away', async () => await t.send(admin, 'DELETE', `/grants/${grant}`)],
      ['the password is another', async () => await t.send(admin, 'PUT', '/accounts/olga/password', { password: `${own} later` })],
      ['the account is gone', async () => await t.send(admin, 'DELETE', '/accounts/olga')],
    ])('when %s', async (_, happens) => {
      const response = await t.follow(`olga:${own}`, `/jobs/${job}/events`)
      const first = await read(response, ({ event }) => event === 'job')
      expect(names(first)).toEqual(['0 job queued'])
      first.reader.releaseLock()
      expect((await happens()).status).toBeLessThan(300)
      await runToEnd()
      expect(await read(response)).toMatchObject({ ended: true, messages: [] })
    })

    test('also where it reads slowly what was looked up before', async () => {
      await runToEnd()
      const response = await t.follow(`olga:${own}`, `/jobs/${job}/events`)
      const first = await read(response, ({ event }) => event === 'line')
      expect(names(first)).toEqual(['1 line begun'])
      first.reader.releaseLock()
      await t.send(admin, 'DELETE', `/grants/${grant}`)
      t.clock.advance(1_000)
      expect(await read(response)).toMatchObject({ ended: true, messages: [] })
    })
  })

  test('are for whoever may see jobs, and of jobs that there are', async () => {
    expect((await t.follow('', `/jobs/${job}/events`)).status).toBe(401)
    expect((await t.follow(admin, '/jobs/999/events')).status).toBe(404)
  })
})

test('whoever loses the right while it is looked up why a job waits is not told', async () => {
  const clock = createManualClock()
  let isAllowed = true
  const jobs: Pick<Jobs, 'find' | 'lines'> = { find: () => Promise.resolve({ id: 1 } as Job), lines: () => Promise.resolve([]) }
  const job = () => {
    isAllowed = false
    clock.advance(1_000)
    return Promise.resolve({})
  }
  const followers = createFollowers({ jobs: jobs as Jobs, clock, ending: new AbortController().signal }, { job, line: (line) => line })
  const events = followers.follow({ id: 1, after: 0, who: 'olga', stillAllowed: () => Promise.resolve(isAllowed) })
  expect(await events.next()).toEqual({ done: true, value: undefined })
})
