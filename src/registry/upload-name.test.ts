import { describe, expect, test } from 'bun:test'
import { createManualClock, createSeededIds } from '../lib/index.ts'
import { parseRepositoryName } from '../oci/index.ts'
import { createUploadNames } from './upload-name.ts'

const repository = parseRepositoryName('team/app')
const clock = createManualClock(1_700_000_000_000)
const names = createUploadNames('a'.repeat(64), { clock, ids: createSeededIds(1) })

describe('the name of a session', () => {
  test('is read by whoever has the same secret', () => {
    const issued = names.issue(repository, 'alice')
    const elsewhere = createUploadNames('a'.repeat(64), { clock: createManualClock(0), ids: createSeededIds(2) })
    expect(elsewhere.read(issued.text, repository, 'alice')).toEqual(issued)
    expect(issued.begunAt).toBe(clock.now())
    expect(issued.text).toMatch(/^[0-9a-f-]{36}\.[0-9a-z]+\.[\w-]{22}$/)
  })

  test('is good for its repository and its actor alone', () => {
    const { text } = names.issue(repository, 'alice')
    const stranger = createUploadNames('b'.repeat(64), { clock, ids: createSeededIds(1) })
    expect(names.read(text, parseRepositoryName('team/other'), 'alice')).toBeUndefined()
    expect(names.read(text, repository, 'bob')).toBeUndefined()
    expect(names.read(text, repository, undefined)).toBeUndefined()
    expect(stranger.read(text, repository, 'alice')).toBeUndefined()
  })

  test('is unknown when any of its characters was changed', () => {
    const { text } = names.issue(repository, undefined)
    for (let position = 0; position < text.length; position++) {
      for (const other of '0aZ.-_') {
        if (text[position] === other) continue
        const changed = text.slice(0, position) + other + text.slice(position + 1)
        expect(names.read(changed, repository, undefined)).toBeUndefined()
      }
    }
  })

  test('no two sessions have the same text to sign', () => {
    // With one id and one time, whatever separates the parts: a name of one session is never that of another.
    const parts = ['a', 'b', 'a/b', 'a/b/c'].map((name) => parseRepositoryName(name))
    const identities = [undefined, '', 'null', 'a', 'a"', 'a","b', '","a', 'a/b', '\\', '\\"', 'a\0', 'a,b', ']', 'undefined']
    const sessions = parts.flatMap((name) => identities.map((identity) => ({ name, identity })))
    const same = () => createUploadNames('a'.repeat(64), { clock, ids: createSeededIds(1) })
    const texts = sessions.map(({ name, identity }) => same().issue(name, identity).text)
    expect(new Set(texts).size).toBe(sessions.length)
    for (const [at, { name, identity }] of sessions.entries()) {
      for (const [other, text] of texts.entries()) expect([at, other, names.read(text, name, identity) !== undefined]).toEqual([at, other, at === other])
    }
  })

  test.each(['', 'x', '.', '../../etc', '\0', '5a4c9f1e-1111-4111-8111-111111111111', `${'0'.repeat(100_000)}.a.b`])('%p is none', (text) => {
    expect(names.read(text, repository, undefined)).toBeUndefined()
  })
})
