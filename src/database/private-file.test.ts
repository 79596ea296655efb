import { mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { createPrivateFile } from './private-file.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'berth-private-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('it is written, read and removed, for its user alone', async () => {
  const file = createPrivateFile(join(folder, 'secret'))
  expect(await file.read()).toBeUndefined()
  await file.remove()
  await file.write('one\n')
  await file.write('two\n')
  expect(await file.read()).toBe('two\n')
  expect(statSync(file.path).mode & 0o777).toBe(0o600)
  expect(readdirSync(folder)).toEqual(['secret'])
  await file.remove()
  expect(readdirSync(folder)).toEqual([])
})

test('what stands in its way does not make it readable, or lead elsewhere', async () => {
  const file = createPrivateFile(join(folder, 'secret'))
  writeFileSync(join(folder, 'victim'), 'untouched')
  symlinkSync(join(folder, 'victim'), `${file.path}.new`)
  writeFileSync(file.path, 'old', { mode: 0o644 })
  await file.write('new')
  expect(statSync(file.path).mode & 0o777).toBe(0o600)
  expect(await Bun.file(join(folder, 'victim')).text()).toBe('untouched')
})

test('it fails where there is no folder', () => {
  expect(createPrivateFile(join(folder, 'none', 'secret')).write('x')).rejects.toThrow('ENOENT')
})
