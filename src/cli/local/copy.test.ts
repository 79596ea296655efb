import { describe, expect, test } from 'bun:test'
import { loadConfig } from '../../config/index.ts'
import { createSay } from '../messages.ts'
import { copy, type CopyDeps, type CopySummary, type Verb } from './copy.ts'

const loaded = loadConfig({ flags: new Map([['--data', '/d']]), environment: { variables: new Map(), language: 'en' }, cwd: '/' })
if (!loaded.ok) throw new Error('no configuration')
const { config } = loaded

const summary: CopySummary = {
  id: 'i',
  takenAt: 0,
  rows: 7,
  objects: { count: 2, bytes: 2048 },
  copied: { present: 1, copied: 1, copiedBytes: 1024 },
  damaged: [],
}

async function run(verb: Verb, work: CopyDeps['backUp'], { json = false, watched = false, stopped = false, language = 'en' as 'en' | 'zh-CN' } = {}) {
  let [out, err] = ['', '']
  let interrupt = (): void => undefined
  const deps: CopyDeps = {
    say: createSay(language),
    print: (text) => void (out += text),
    printError: (text) => void (err += text),
    onSignal: (listener) => {
      interrupt = () => listener('SIGINT')
      return () => undefined
    },
    monotonic: () => 0,
    watched,
    backUp: (...request) => work(...request),
    restore: (...request) => work(...request),
  }
  const running = copy(verb, { config, folder: '/b', json }, deps)
  if (stopped) interrupt()
  return { code: await running, out, err }
}

const failing = (code: string) => () => Promise.reject(Object.assign(new Error('made up'), { code }))
const done = () => Promise.resolve(summary)

describe('berth backup and berth restore', () => {
  test('say what they did', async () => {
    expect(await run('backup', done)).toEqual({
      code: 0,
      out: 'The backup in /b is whole. It shows 1970-01-01T00:00:00.000Z: 7 rows, 2 objects (2.0 KiB), of which 1 (1.0 KiB) were new.\n',
      err: '',
    })
    expect((await run('restore', done)).out).toStartWith('Restored /d from the backup of 1970-01-01T00:00:00.000Z')
    expect((await run('backup', done, { language: 'zh-CN' })).out).toContain('备份是完整的')
  })

  test('print a summary for machines', async () => {
    const { out } = await run('backup', done, { json: true })
    expect(JSON.parse(out)).toEqual({ format: 1, ...summary })
  })

  test('end with 3 and name what is damaged', async () => {
    const { code, err } = await run('backup', () => Promise.resolve({ ...summary, damaged: ['blobs/x is missing'] }))
    expect([code, err]).toEqual([3, 'damaged, and not in the backup: blobs/x is missing\n'])
  })

  test.each([
    ['backup', 'foreign', 'berth: no backup was taken into /b: made up\n'],
    ['restore', 'damaged', 'berth: nothing was restored from /b: made up\n'],
    ['restore', 'unfinished', 'berth: the restore from /b broke off: made up. What was copied is in /d, and no server starts on it'],
    ['restore', 'EIO', 'berth: nothing was restored from /b: made up\n'],
    ['restore', 'EACCES', 'berth: cannot use the data directory /d: made up. '],
  ] as const)('%s ends with 1 and says why: %s', async (verb, code, text) => {
    const ended = await run(verb, failing(code))
    expect([ended.code, ended.out]).toEqual([1, ''])
    expect(ended.err).toStartWith(text)
  })

  test('stop at a signal', async () => {
    const ended = await run('backup', (_config, _folder, { signal }) =>
      new Promise((_, reject) => {
        if (signal.aborted) reject(new Error('aborted'))
        signal.addEventListener('abort', () => reject(new Error('aborted')))
      }),
      { stopped: true },
    )
    expect([ended.code, ended.err]).toEqual([1, 'Stopped. The backup that was in the folder before is untouched; what was copied is used by the next one.\n'])
  })

  test('show how far they are to a person alone', async () => {
    const work: CopyDeps['backUp'] = (_config, _folder, { onProgress }) => {
      onProgress({ done: 1, total: 2 })
      return done()
    }
    expect((await run('backup', work, { watched: true })).err).toContain('1 of 2 objects')
    expect((await run('backup', work)).err).toBe('')
    expect((await run('backup', work, { watched: true, json: true })).err).toBe('')
  })
})
