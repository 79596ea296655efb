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

  test.each(['', 'x', '.', '../../etc', '\0', '5a4c9f1e-1111-4111-8111-111111111111', `${'0'.repeat(100_000)}.a.b`])('%p is none', (text) => {
    expect(names.read(text, repository, undefined)).toBeUndefined()
  })
})
