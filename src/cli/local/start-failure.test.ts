import { expect, test } from 'bun:test'
import { loadConfig, readEnvironment } from '../../config/index.ts'
import { createSay } from '../messages.ts'
import { describeStartFailure, isConfigFault } from './start-failure.ts'

function describe(error: unknown, env: Record<string, string> = {}, command?: 'rebuild-index'): string {
  const environment = readEnvironment({ BERTH_DATA: '/srv/berth', ...env })
  const loaded = loadConfig({ flags: new Map(), environment, cwd: '/nonexistent/berth' })
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
  return describeStartFailure(error, loaded.config, createSay('en'), command)
}

test.each([
  ['EACCES', 'listen', 'above 1023'],
  ['EADDRNOTAVAIL', 'listen', 'no such address'],
  ['EACCES', 'mkdir', 'data directory /srv/berth: the reason. Make it writable'],
  ['locked', undefined, 'data directory /srv/berth is in use by another Berth server. Stop that server'],
  ['newer', undefined, 'cannot use the database: the reason'],
  ['corrupt', undefined, 'cannot use the database: the reason'],
  ['lost', undefined, 'cannot start: the reason. Nothing was changed. Put the database back'],
  ['unavailable', undefined, 'the reason. Check that the database runs'],
  ['full', undefined, 'the reason. Make room'],
  ['EBADMSG', 'open', 'cannot start: the reason. Start again with BERTH_LOG_LEVEL=debug'],
])('%s of %s is one line that says what to do', (code, syscall, words) => {
  const text = describe(Object.assign(new Error('the reason.'), { code, syscall }))
  expect(text).toContain(words)
  expect(text).toMatch(/^berth: [^\n]+\n$/)
})

test('a weak password for the first account is a mistake of the configuration', () => {
  const error = Object.assign(new Error('the password is one that everybody tries first'), { setting: 'admin.password' })
  expect(describe(error)).toContain('with the password of admin.password: the password is one')
  expect([isConfigFault(error), isConfigFault(new Error('odd')), isConfigFault('odd')]).toEqual([true, false, false])
})

test.each(['full', 'EIO'])('%s of a command that makes a database says what became of it', (code) => {
  const text = describe(Object.assign(new Error('the reason'), { code }), {}, 'rebuild-index')
  expect(text).toStartWith('berth: the database could not be rebuilt: the reason. Run this again')
})

test('what was thrown need not be an error', () => {
  expect(describe('odd')).toStartWith('berth: cannot start: odd. ')
})

test('the stack is shown to those who asked for debug messages', () => {
  expect(describe(new Error('odd'), { BERTH_LOG_LEVEL: 'debug' })).toContain('start-failure.test.ts')
  expect(describe(new Error('odd'), { BERTH_LOG_LEVEL: 'trace' })).toContain('start-failure.test.ts')
})

test('the codes are those a listener and a file system really give', () => {
  const taken = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response() })
  try {
    expect(describe(thrownBy('127.0.0.1', taken.port ?? 0))).toContain('another program uses that port')
    // TEST-NET-1 of RFC 5737: no machine has it.
    expect(describe(thrownBy('192.0.2.1', 0))).toContain('no such address')
  } finally {
    void taken.stop(true)
  }
})

function thrownBy(hostname: string, port: number): unknown {
  try {
    void Bun.serve({ hostname, port, fetch: () => new Response() }).stop(true)
  } catch (error) {
    return error
  }
  return new Error('it listens')
}
