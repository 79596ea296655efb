import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { createPrivateFile } from './private-file.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'berth-private-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const word = /^[a-z]+\n$/

test('it is kept, read and removed, for its user alone', async () => {
  const file = createPrivateFile(join(folder, 'secret'))
  expect(await file.read()).toBeUndefined()
  await file.remove()
  expect(await file.keep('one\n', word)).toBe('one\n')
  expect(await file.keep('two\n', word)).toBe('one\n')
  expect(await file.read()).toBe('one\n')
  expect(statSync(file.path).mode & 0o777).toBe(0o600)
  expect(readdirSync(folder)).toEqual(['secret'])
  await file.remove()
  expect(readdirSync(folder)).toEqual([])
})

test('all who keep a text at once get the one that is there', async () => {
  const { path } = createPrivateFile(join(folder, 'secret'))
  const texts = ['one\n', 'two\n', 'three\n', 'four\n']
  const kept = await Promise.all(texts.map(async (text) => await createPrivateFile(path).keep(text, word)))
  expect(kept).toEqual(Array.from(texts, () => readFileSync(path, 'utf8')))
  expect(readdirSync(folder)).toEqual(['secret'])
})

test.each([
  ['that others can read', () => writeFileSync(join(folder, 'secret'), 'old\n', { mode: 0o644 })],
  ['of another form', () => writeFileSync(join(folder, 'secret'), '', { mode: 0o600 })],
  ['that leads elsewhere', () => symlinkSync(join(folder, 'victim'), join(folder, 'secret'))],
])('a file %s is replaced, and nothing else is changed', async (_, make) => {
  writeFileSync(join(folder, 'victim'), 'untouched\n', { mode: 0o600 })
  make()
  const file = createPrivateFile(join(folder, 'secret'))
  expect(await file.keep('new\n', word)).toBe('new\n')
  const found = lstatSync(file.path)
  expect([found.isFile(), found.mode & 0o777, await file.read()]).toEqual([true, 0o600, 'new\n'])
  expect(readFileSync(join(folder, 'victim'), 'utf8')).toBe('untouched\n')
})

test('it fails where there is no folder', () => {
  expect(createPrivateFile(join(folder, 'none', 'secret')).keep('x', word)).rejects.toThrow('ENOENT')
})
