import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { watchedFiles } from './listener-files.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'berth-files-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('a file is read whole, up to its limit', async () => {
  const file = join(folder, 'file')
  writeFileSync(file, 'ünï')
  expect(await watchedFiles.read(file, 5)).toBe('ünï')
  await expect(watchedFiles.read(file, 4)).rejects.toThrow('longer than 4 bytes')
  await expect(watchedFiles.read('/dev/zero', 1000)).rejects.toThrow('longer')
  await expect(watchedFiles.read(folder, 1000)).rejects.toMatchObject({ code: 'EISDIR' })
  await expect(watchedFiles.read(join(folder, 'none'), 4)).rejects.toMatchObject({ code: 'ENOENT' })
})

test('the stamp stays until something is written, renamed into place, or a link is moved', async () => {
  const [file, link] = [join(folder, 'file'), join(folder, 'link')]
  writeFileSync(file, 'one')
  symlinkSync(file, link)
  const stamps = [await watchedFiles.stamp(link)]
  expect(await watchedFiles.stamp(link)).toBe(stamps[0] ?? '')
  writeFileSync(file, 'three')
  stamps.push(await watchedFiles.stamp(link))
  writeFileSync(`${file}2`, 'seven')
  renameSync(`${file}2`, file)
  stamps.push(await watchedFiles.stamp(link))
  writeFileSync(`${file}3`, 'seven')
  symlinkSync(`${file}3`, `${link}3`)
  renameSync(`${link}3`, link)
  stamps.push(await watchedFiles.stamp(link))
  expect(new Set(stamps).size).toBe(4)
  rmSync(file + '3')
  await expect(watchedFiles.stamp(link)).rejects.toMatchObject({ code: 'ENOENT' })
})
