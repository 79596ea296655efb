import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { type AccessEntry, accessLine, neutralize } from './access-line.ts'

const entry: AccessEntry = {
  time: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
  id: '5a4c9f1e-0000-4000-8000-000000000000',
  proxyId: undefined,
  method: 'GET',
  path: '/v2/team/app/manifests/1.4',
  status: 200,
  bytes: 1500,
  duration: 1.23456,
  address: '127.0.0.1',
  agent: 'containerd/2.0',
  identity: undefined,
  code: undefined,
}

/** Everything a terminal, a pager or a line reader could act on. */
const active = /[^\x20-\x7e\u00a0-\u200d\u2010-\u2027\u202f-\u2065\u206a-\uffff]/

describe('accessLine', () => {
  test('has the members of one request and nothing that is absent', () => {
    expect(JSON.parse(accessLine(entry))).toEqual({
      level: 'info',
      time: '2026-01-02T03:04:05.678Z',
      msg: 'request',
      id: entry.id,
      method: 'GET',
      path: entry.path,
      status: 200,
      bytes: 1500,
      duration: 1.235,
      address: '127.0.0.1',
      agent: 'containerd/2.0',
    })
    const failed = JSON.parse(accessLine({ ...entry, agent: null, identity: 'ann "x"', code: 'DENIED' }))
    expect(failed).toMatchObject({ identity: 'ann "x"', code: 'DENIED' })
    expect(failed).not.toHaveProperty('agent')
    expect(JSON.parse(accessLine({ ...entry, proxyId: 'a-1' }))).toMatchObject({ id: entry.id, proxyId: 'a-1', method: 'GET' })
  })

  test('is one line of JSON whatever a client sends', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.string({ unit: 'binary', maxLength: 300 }), (path, agent) => {
        const line = accessLine({ ...entry, path, agent })
        expect(line.indexOf('\n')).toBe(line.length - 1)
        expect(active.test(line.slice(0, -1))).toBe(false)
        expect(JSON.parse(line)).toMatchObject({ path: path.slice(0, 1024), agent: agent.slice(0, 256) })
      }),
    )
  })

  const escapes = ['\u001b[31mred', '\u009b31mred', '\u202etxt.exe', '\u2028', '\\', '\u007f']

  test.each(['a\r\n{"level":"error"}', '"},"status":500,"x":{"', ...escapes])(
    'keeps %j inside its string',
    (text) => {
      const line = accessLine({ ...entry, agent: text, path: text })
      expect(active.test(line.slice(0, -1))).toBe(false)
      expect(JSON.parse(line)).toMatchObject({ agent: text, path: text, status: 200 })
    },
  )

  test('cuts what is too long', () => {
    const parsed = JSON.parse(accessLine({ ...entry, agent: 'a'.repeat(16_000), path: '/'.repeat(16_000) }))
    expect(parsed.agent).toHaveLength(256)
    expect(parsed.path).toHaveLength(1024)
  })
})

test('neutralize changes how a line looks, not what it says', () => {
  const value = { text: 'a\u009bb\u2028c\u202ed', emoji: '\u{1f6a2}' }
  const json = neutralize(JSON.stringify(value))
  expect(JSON.parse(json)).toEqual(value)
  expect(json).toContain('\\u009b')
})
