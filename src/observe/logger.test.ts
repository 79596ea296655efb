import { describe, expect, test } from 'bun:test'
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createManualClock } from '../lib/index.ts'
import { createFileDestination, createLogger, type LogDestination, type LogLevel } from './index.ts'

function inMemory(): LogDestination & { readonly lines: string[] } {
  const lines: string[] = []
  return { lines, write: (line) => void lines.push(line), close: async () => {} }
}

const request = {
  time: 0,
  id: 'x',
  proxyId: undefined,
  method: 'GET',
  path: '/v2/',
  status: 200,
  bytes: 2,
  duration: 1,
  address: '::1',
  agent: null,
  identity: undefined,
  code: undefined,
}

describe('createLogger', () => {
  test('writes a line of JSON with level, time, message and fields', () => {
    const destination = inMemory()
    createLogger({ level: 'info', destination, clock: createManualClock(1000) }).warn('low on space', { free: 12 })
    expect(destination.lines).toHaveLength(1)
    expect(JSON.parse(destination.lines[0] ?? '')).toEqual({
      level: 'warn',
      time: '1970-01-01T00:00:01.000Z',
      free: 12,
      msg: 'low on space',
    })
  })

  test('tells an error with its causes', () => {
    const destination = inMemory()
    const error = new Error('commit failed', { cause: new Error('disk is gone') })
    createLogger({ level: 'info', destination }).error('no', { error })
    const line = JSON.parse(destination.lines[0] ?? '')
    expect(line.error).toMatchObject({ message: 'commit failed', cause: { message: 'disk is gone' } })
    expect(line.error.stack).toContain('logger.test.ts')
  })

  test('tells what was thrown even when it is no error', () => {
    const destination = inMemory()
    createLogger({ level: 'info', destination }).error('no', { error: 'a string' })
    expect(JSON.parse(destination.lines[0] ?? '').error).toBe('a string')
  })

  test('lets neither secrets nor control characters out', () => {
    const destination = inMemory()
    createLogger({ level: 'info', destination }).info('a\u001b[2J\u009b', { url: 'postgres://u:hunter2@h/d' })
    expect(destination.lines[0]).not.toContain('hunter2')
    expect(destination.lines[0]).toMatch(/^[\x20-\x7e]*\n$/)
  })

  test.each<[LogLevel, number]>([
    ['debug', 5],
    ['info', 4],
    ['warn', 2],
    ['error', 1],
    ['silent', 0],
  ])('at level %s writes %d of five lines', (level, count) => {
    const destination = inMemory()
    const logger = createLogger({ level, destination })
    logger.debug('d')
    logger.info('i')
    logger.warn('w')
    logger.error('e')
    logger.access(request)
    expect(destination.lines).toHaveLength(count)
  })
})

function usedHeap(): number {
  Bun.gc(true)
  return process.memoryUsage().heapUsed
}

describe('createFileDestination', () => {
  test('writes everything, in order, by the time it is closed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'berth-log-'))
    const file = join(folder, 'log')
    try {
      const destination = createFileDestination(openSync(file, 'w'))
      const count = 20_000
      for (let i = 0; i < count; i++) destination.write(`{"line":${i}}\n`)
      await destination.close()
      const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
      expect(lines).toHaveLength(count)
      expect(lines.every((line, i) => line === `{"line":${i}}`)).toBe(true)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('writes a single line out after a moment', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'berth-log-'))
    const file = join(folder, 'log')
    try {
      const clock = createManualClock()
      const destination = createFileDestination(openSync(file, 'w'), clock)
      destination.write('one\n')
      clock.advance(250)
      const deadline = performance.now() + 20_000
      while (readFileSync(file, 'utf8') !== 'one\n' && performance.now() < deadline) await Bun.sleep(5)
      expect(readFileSync(file, 'utf8')).toBe('one\n')
      await destination.close()
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('drops lines rather than keep them without limit, and closes although nothing can be written', async () => {
    const descriptor = openSync('/dev/full', 'w')
    const destination = createFileDestination(descriptor)
    const line = `${'x'.repeat(1023)}\n`
    const before = usedHeap()
    for (let i = 0; i < 100_000; i++) destination.write(line)
    expect(usedHeap() - before).toBeLessThan(32 * 1024 * 1024)
    await destination.close()
  })

  test('closes when the reader of its pipe has gone', async () => {
    const script = `
      import { createLogger } from ${JSON.stringify(join(import.meta.dir, 'index.ts'))}
      const logger = createLogger({ level: 'info' })
      for (let i = 0; i < 2000; i++) { logger.info('x'.repeat(100)); if (i % 100 === 0) await Bun.sleep(1) }
      await logger.close()
      console.error('closed')`
    const program = Bun.spawn(['bash', '-c', '"$0" -e "$1" | true', process.execPath, script], { stderr: 'pipe' })
    expect(await new Response(program.stderr).text()).toBe('closed\n')
  })
})
