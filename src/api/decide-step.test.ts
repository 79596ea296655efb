import { beforeEach, expect, test } from 'bun:test'
import { createLogger } from '../observe/index.ts'
import { createApi } from './api.ts'
import { defineRoute } from './route.ts'

/** The version of rights under which each step was made. */
const made: (number | undefined)[] = []
let version = 0
/** Which of the attempts, at the whole and at its steps, find that rights have moved. */
let lost: readonly boolean[] = []
let attempts = 0
/** So often the caller is let in. */
let lasts = Infinity

function attempt(): void {
  if (lost[attempts++] === true) throw Object.assign(new Error('moved'), { code: 'RIGHTS_MOVED' })
}

const march = defineRoute({
  id: 'march',
  method: 'POST',
  path: '/march',
  summary: 'Makes three steps.',
  needs: 'job.run',
  status: 204,
  handle: async ({ decideStep }) => {
    attempt()
    for (let step = 0; step < 3; step++) {
      await decideStep(async ({ decidedAt }) => {
        attempt()
        made.push(decidedAt)
      })
    }
  },
})
const api = createApi({
  routes: [march],
  authorize: () => ({ allowed: lasts-- > 0, rule: 'a grant', hidden: false }),
  barred: () => undefined,
  failureOf: () => undefined,
  rightsVersion: () => ++version,
  document: () => Promise.resolve(''),
  logger: createLogger({ level: 'silent' }),
})

async function send(): Promise<number> {
  const { response } = await api.fetch(new Request('http://registry/api/v1/march', { method: 'POST' }), {
    id: 'id',
    enter: () => ({ principal: {}, identity: 'alice', credential: 'password', narrowed: false, mustChange: false, address: '127.0.0.1' }),
    challenge: () => 'Basic realm="Berth"',
    readBody: () => Promise.resolve(new Uint8Array()),
  })
  return response.status
}

beforeEach(() => {
  made.length = 0
  version = 0
  attempts = 0
  lasts = Infinity
})

test('each step of a change is decided, anew where rights have moved, also while the change itself has its turn', async () => {
  lost = [true, false, false, true, true, false, false]
  expect(await send()).toBe(204)
  expect(made).toEqual([3, 6, 7])
})

test('no step is made that is not allowed any more', async () => {
  lost = []
  lasts = 3
  expect(await send()).toBe(403)
  expect(made).toEqual([2, 3])
})
