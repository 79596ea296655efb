import { expect, test } from 'bun:test'
import { createTagHistory, type TagHistory } from './tag-history.ts'

/** A history that begins with the value `0`. */
function historyOf(...steps: readonly ((history: TagHistory) => void)[]): TagHistory {
  const history = createTagHistory()
  history.settle('0')
  for (const step of steps) step(history)
  return history
}

const wrote = (value: string, start: number, end: number) => (history: TagHistory) => history.write(value, start)(end)
const lost = (value: string, start: number) => (history: TagHistory) => void history.write(value, start)
const read = (value: string, start: number, end: number) => (history: TagHistory) => history.read(value, start, end)
const cut = (at: number) => (history: TagHistory) => history.cut(at)

test.each([
  ['nothing', []],
  ['one write after the other', [wrote('1', 1, 2), read('1', 3, 4), wrote('2', 5, 6), read('2', 7, 8), cut(9)]],
  ['writes at once, either of which came last', [wrote('1', 1, 10), wrote('2', 2, 9), cut(11), read('1', 12, 13)]],
  ['the same, the other way', [wrote('1', 1, 10), wrote('2', 2, 9), cut(11), read('2', 12, 13)]],
  ['a lost write that took place', [wrote('1', 1, 2), lost('2', 3), cut(4), read('2', 5, 6)]],
  ['a lost write that did not', [wrote('1', 1, 2), lost('2', 3), cut(4), read('1', 5, 6)]],
  ['a lost write read before the kill', [lost('1', 1), read('1', 2, 3), wrote('2', 4, 5), read('2', 6, 7), cut(8)]],
  ['a read while two writes are under way', [lost('1', 1), read('0', 2, 3), read('1', 2, 4), cut(5), read('1', 6, 7)]],
])('explained: %s', (_, steps) => {
  expect(historyOf(...steps).judge()).toBeUndefined()
})

test.each([
  ['an acknowledged write that is gone', [wrote('1', 1, 2), cut(3), read('0', 4, 5)]],
  ['an acknowledged write replaced by an older one', [wrote('1', 1, 2), wrote('2', 3, 4), cut(5), read('1', 6, 7)]],
  ['one replaced by an older lost one', [lost('1', 1), read('1', 2, 3), wrote('2', 4, 5), cut(6), read('1', 7, 8)]],
  ['a stale read before the kill', [wrote('1', 1, 2), read('0', 3, 4), cut(5), read('1', 6, 7)]],
  ['reads that go back', [lost('1', 1), read('1', 2, 3), read('0', 4, 5), cut(6), read('1', 7, 8)]],
  ['reads that differ after the kill', [lost('1', 1), cut(2), read('0', 3, 4), read('1', 5, 6)]],
  ['a value nobody wrote', [read('9', 1, 2)]],
  ['a value read before it was written', [read('1', 1, 2), wrote('1', 3, 4)]],
  ['a whole write within the time of another value', [wrote('1', 1, 2), wrote('2', 4, 5), read('1', 6, 7), cut(8)]],
])('not explained: %s', (_, steps) => {
  expect(historyOf(...steps).judge()).toBeString()
})

test('after settling only the present value counts', () => {
  const history = historyOf(wrote('1', 1, 2), cut(3), read('1', 4, 5))
  history.settle('1')
  expect(history.judge()).toBeUndefined()
  history.read('0', 6, 7)
  expect(history.judge()).toContain('nobody wrote')
})
