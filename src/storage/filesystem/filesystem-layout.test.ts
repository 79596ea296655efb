import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdir, readFile, rmdir, stat, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { attack } from '../contract/hostile.ts'
import { content, expectFailure, expectSame, fill, finish, newId, sampleBytes } from '../contract/objects.ts'
import { createFaultyFileSystem } from './faulty-file-system.testing.ts'
import { createFilesystemStore } from './filesystem-store.ts'
import { systemFileSystem } from './system-file-system.ts'
import { temporaryFolder } from './temporary-folder.testing.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let roots = 0

beforeAll(async () => {
  folder = await temporaryFolder()
})
afterAll(() => folder.remove())

const newRoot = (): string => join(folder.path, String(roots++))

describe('the folder', () => {
  test('what is no object is listed as a stranger', async () => {
    const root = newRoot()
    const store = createFilesystemStore({ root })
    const { id, key } = await finish(store, sampleBytes(10))
    const shard = dirname(key)
    await writeFile(join(root, shard, 'notes.txt'), '')
    await mkdir(join(root, 'uploads', 'folder'))
    await symlink(join(root, key), join(root, 'uploads', 'a'))
    await writeFile(join(root, 'uploads', 'B'), '')
    const strangers: string[] = []
    const objects: string[] = []
    for (let cursor: string | undefined = 'uploads'; cursor !== undefined; ) {
      const page = await store.list(cursor)
      strangers.push(...page.strangers)
      objects.push(...page.objects.map((object) => object.id))
      cursor = page.next
    }
    expect(strangers.sort()).toEqual([`${shard}/notes.txt`, 'uploads/B', 'uploads/a', 'uploads/folder'].sort())
    expect(objects).toEqual([id])
  })

  test('a person finds uploads by id and blobs by digest', async () => {
    const root = newRoot()
    const store = createFilesystemStore({ root })
    const id = newId()
    const bytes = sampleBytes(100)
    const hex = new Bun.CryptoHasher('sha256').update(bytes).digest('hex')
    await fill(await store.begin(id), bytes)
    expectSame(await readFile(join(root, 'uploads', id)), bytes)
    const key = store.finishedKey(id, `sha256:${hex}`)
    expect(key).toBe(`blobs/sha256/${hex.slice(0, 2)}/${hex}.${id}`)
    await store.commit(id, key, 100)
    expectSame(await readFile(join(root, key)), bytes)
  })

  test('bytes after the offset of a resumed upload are gone at once: nothing takes them for acknowledged ones', async () => {
    const root = newRoot()
    const store = createFilesystemStore({ root })
    const [id, copy] = [newId(), newId()]
    await fill(await store.begin(id), sampleBytes(100))
    await fill(await store.copyUnfinished(id, copy, 60))
    await fill(await store.resume(id, 50))
    expect([(await stat(join(root, 'uploads', id))).size, (await stat(join(root, 'uploads', copy))).size]).toEqual([50, 60])
    await expectFailure('missing', () => store.resume(id, 51))
  })

  test('others on the machine can read nothing', async () => {
    const root = newRoot()
    const store = createFilesystemStore({ root })
    const { key } = await finish(store, sampleBytes(10))
    const from = newId()
    await fill(await store.begin(from), sampleBytes(10))
    const to = newId()
    await fill(await store.copyUnfinished(from, to, 5))
    for (const path of ['.', 'uploads', `uploads/${to}`, 'blobs', dirname(key), key]) {
      const { mode } = await stat(join(root, path))
      expect({ path, others: mode & 0o007 }).toEqual({ path, others: 0 })
    }
  })

  test('the root is made, its parent is not', async () => {
    const store = createFilesystemStore({ root: join(newRoot(), 'mistyped', 'path') })
    await expectFailure('failed', () => store.begin(newId()))
  })

  test('directories that somebody removed are made again', async () => {
    const root = newRoot()
    const store = createFilesystemStore({ root })
    const bytes = sampleBytes(10)
    const { id, key } = await finish(store, bytes)
    await store.delete(id, key)
    await rmdir(join(root, dirname(key)))
    await rmdir(join(root, 'uploads'))
    await expectFailure('failed', () => store.begin(newId()))
    await finish(store, bytes)
  })

  test('first commits at the same time', async () => {
    const store = createFilesystemStore({ root: newRoot() })
    const all = await Promise.all(Array.from({ length: 20 }, (_, i) => finish(store, sampleBytes(1000, i % 3))))
    for (const [i, { key }] of all.entries()) expectSame(await content(await store.open(key)), sampleBytes(1000, i % 3))
  })
})

describe('an attacker who can change every database row', () => {
  test('makes the driver touch nothing with ids and keys of his own', async () => {
    const { fs, calls } = createFaultyFileSystem(systemFileSystem)
    await attack(createFilesystemStore({ root: newRoot(), fileSystem: fs }))
    expect(calls).toEqual([])
  })

  test('touches nothing outside the root with well-formed ones, but to make the root itself durable', async () => {
    const root = newRoot()
    const { fs, calls } = createFaultyFileSystem(systemFileSystem)
    const store = createFilesystemStore({ root, fileSystem: fs })
    const { id, key } = await finish(store, sampleBytes(10))
    await store.delete(id, key)
    const outside = calls.filter(({ path }) => path !== root && !path.startsWith(`${root}/`))
    expect(outside).toEqual([{ op: 'syncDirectory', path: folder.path }])
  })
})

describe('an opened object', () => {
  test('is a file whose name tells no more than the digest', async () => {
    const root = newRoot()
    const store = createFilesystemStore({ root })
    const bytes = sampleBytes(100)
    const { id, key } = await finish(store, bytes)
    for (const range of [undefined, { start: 1, end: 5 }]) {
      const object = await store.open(key, range)
      if (object?.kind !== 'file') throw new Error('not a file')
      const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response(object.file) })
      const headers = JSON.stringify([...(await fetch(server.url)).headers])
      await server.stop(true)
      expect(headers).not.toContain(id)
      expect(headers).not.toContain(root)
    }
  })

  test('has the size the file has now', async () => {
    const root = newRoot()
    const store = createFilesystemStore({ root })
    const { key } = await finish(store, sampleBytes(100))
    await writeFile(join(root, key), sampleBytes(60))
    expect(await store.stat(key)).toEqual({ size: 60 })
    expect((await store.open(key))?.size).toBe(60)
  })

  test('is still read to its end when it is deleted meanwhile', async () => {
    const store = createFilesystemStore({ root: newRoot() })
    const bytes = sampleBytes(2_000_000)
    const { id, key } = await finish(store, bytes)
    const object = await store.open(key)
    if (object?.kind !== 'file') throw new Error('not a file')
    const reader = object.file.stream().getReader()
    const parts = [(await reader.read()).value ?? new Uint8Array(0)]
    await store.delete(id, key)
    for (let next = await reader.read(); !next.done; next = await reader.read()) parts.push(next.value)
    expectSame(Buffer.concat(parts), bytes)
  })
})
