import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createReserve, type Reserve } from './reserve.ts'

const mebibyte = 1024 * 1024

describe('the reserve of a database', () => {
  let folder: string
  let database: string
  let reserve: Reserve
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'berth-reserve-'))
    database = join(folder, 'berth.db')
    writeFileSync(database, new Uint8Array(mebibyte))
    reserve = createReserve(database)
  })
  afterEach(() => {
    reserve.close()
    rmSync(folder, { recursive: true })
  })
  const taken = (): { size: number; allocated: number } => {
    const { size, blocks } = statSync(`${database}-reserve`)
    return { size: size / mebibyte, allocated: Math.floor((blocks * 512) / mebibyte) }
  }

  test('is allocated, and has room for what the log adds to the database, which the log bounds', () => {
    for (const [length, size] of [[mebibyte, 8], [6 * mebibyte, 16], [90 * mebibyte, 40]] as const) {
      expect(reserve.keep(length)).toBe(true)
      expect(taken()).toEqual({ size, allocated: size })
    }
  })

  test('is given up in pieces, and taken again', () => {
    expect(reserve.give()).toBe(false)
    reserve.keep(0)
    expect([reserve.give(), taken().size, reserve.give(), taken().size, reserve.give()]).toEqual([true, 4, true, 0, false])
    expect([reserve.keep(0), taken().size]).toEqual([true, 8])
  })

  test('is found again by the next process, and allocated anew where a copy left holes', () => {
    reserve.keep(0)
    reserve.give()
    reserve.close()
    reserve = createReserve(database)
    expect([reserve.keep(0), taken().size]).toEqual([true, 8])
    reserve.close()
    const sparse = openSync(`${database}-reserve`, 'w')
    ftruncateSync(sparse, 8 * mebibyte)
    closeSync(sparse)
    reserve = createReserve(database)
    expect([reserve.keep(0), taken().allocated]).toEqual([true, 8])
  })
})
