import { expect, test } from 'bun:test'
import { groups } from '../checks/groups.ts'
import { quirks } from './quirks.ts'
import { v1 } from './v1.ts'
import { v2 } from './v2.ts'

const rows = { ...v2, ...v1, ...quirks }
const checks = groups.flatMap((group) => group.checks.map((check) => ({ ...check, name: `${group.id}/${check.id}` })))

test('every row of the official programs and of what clients need has a check', () => {
  const shown = new Set(checks.flatMap((check) => check.rows))
  expect(Object.keys(rows).filter((row) => !shown.has(row))).toEqual([])
})

test('every row that a check names is one', () => {
  const unknown = checks.flatMap(({ name, rows: named }) => named.filter((row) => !(row in rows)).map((row) => `${name}: ${row}`))
  expect(unknown).toEqual([])
})

test('no two checks have one name, and names are fit for files and flags', () => {
  const names = checks.map(({ name }) => name)
  expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([])
  expect(names.filter((name) => !/^[a-z0-9-]+\/[a-z0-9._-]+$/i.test(name))).toEqual([])
})

// What the official programs ask for must count for every registry that is held to the specification.
test('no row of the official programs is shown by checks of Berth alone', () => {
  const asked = new Set(checks.filter(({ level }) => level !== 'berth').flatMap((check) => check.rows))
  expect([...Object.keys(v2), ...Object.keys(v1)].filter((row) => !asked.has(row))).toEqual([])
})
