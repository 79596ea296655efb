import { expect, test } from 'bun:test'
import { createRandom } from '../rig/random.ts'
import { judgeTag, type TagAnswer, type TagCall, type TagOperation } from './linearizable.ts'

const operation = (call: TagCall, start: number, end: number, answer: TagAnswer | undefined): TagOperation => ({ call, start, end, answer })
const get = (value: string | undefined, start: number, end: number) =>
  operation({ kind: 'get' }, start, end, value === undefined ? 'absent' : { value })
const put = (value: string, start: number, end: number, answer: TagAnswer | undefined = 'done') => operation({ kind: 'put', value }, start, end, answer)
const swap = (from: string, value: string, start: number, end: number, answer: TagAnswer | undefined) =>
  operation({ kind: 'put', value, precondition: { match: [from], noneMatch: undefined } }, start, end, answer)
const create = (value: string, start: number, end: number, answer: TagAnswer | undefined) =>
  operation({ kind: 'put', value, precondition: { match: undefined, noneMatch: 'any' } }, start, end, answer)
const remove = (start: number, end: number, answer: TagAnswer | undefined) => operation({ kind: 'delete' }, start, end, answer)
const lostPut = (value: string, start: number, cut: number) => operation({ kind: 'put', value }, start, cut, undefined)

test.each<[string, TagOperation[]]>([
  ['nothing', []],
  ['one after the other', [put('1', 1, 2), get('1', 3, 4), remove(5, 6, 'done'), get(undefined, 7, 8), remove(9, 10, 'absent')]],
  ['two puts at once, either way', [put('1', 1, 9), put('2', 2, 8), get('1', 10, 11)]],
  ['two puts at once, the other way', [put('1', 1, 9), put('2', 2, 8), get('2', 10, 11)]],
  ['of two swaps at once one wins', [swap('0', '1', 1, 9, 'done'), swap('0', '2', 2, 8, 'refused'), get('1', 10, 11)]],
  ['a swap refused for what came between', [put('1', 1, 9), swap('0', '2', 2, 8, 'refused'), get('1', 10, 11)]],
  ['a create after a delete', [remove(1, 9, 'done'), create('1', 2, 8, 'done'), get('1', 10, 11)]],
  ['a create refused before a delete', [remove(1, 9, 'done'), create('1', 2, 8, 'refused'), get(undefined, 10, 11)]],
  ['a lost put that took place', [lostPut('1', 1, 5), get('1', 6, 7)]],
  ['a lost put that did not', [lostPut('1', 1, 5), get('0', 6, 7)]],
  ['a lost put between two', [lostPut('1', 1, 5), get('0', 2, 3), get('1', 6, 7)]],
  ['a lost swap that made another fail', [swap('0', '1', 1, 5, undefined), swap('0', '2', 2, 3, 'refused'), get('1', 6, 7)]],
  ['a put and a read that began at the same time', [put('1', 1, 2), get('0', 1, 2), get('1', 3, 4)]],
])('explained: %s', (_, operations) => {
  expect(judgeTag('0', operations)).toBeUndefined()
})

test.each<[string, TagOperation[]]>([
  ['a put that is gone', [put('1', 1, 2), get('0', 3, 4)]],
  ['a stale read', [put('1', 1, 2), put('2', 3, 4), get('1', 5, 6)]],
  ['reads that go back', [put('1', 1, 9), get('1', 2, 3), get('0', 4, 5)]],
  ['a value nobody wrote', [get('9', 1, 2)]],
  ['a read before the write', [get('1', 1, 2), put('1', 3, 4)]],
  ['a deleted tag that is back', [remove(1, 2, 'done'), get('0', 3, 4)]],
  ['a delete that found nothing where something was', [remove(1, 2, 'absent'), get('0', 3, 4)]],
  ['two swaps that won', [swap('0', '1', 1, 9, 'done'), swap('0', '2', 2, 8, 'done'), get('2', 10, 11)]],
  ['two swaps that lost', [swap('0', '1', 1, 9, 'refused'), swap('0', '2', 2, 8, 'refused'), get('0', 10, 11)]],
  ['a swap that was refused and took place', [swap('0', '1', 1, 2, 'refused'), get('1', 3, 4)]],
  ['a create over what is there', [create('1', 1, 2, 'done'), get('1', 3, 4)]],
  ['a create refused where nothing was', [remove(1, 2, 'done'), create('1', 3, 4, 'refused')]],
  ['two deletes that both took it', [remove(1, 9, 'done'), remove(2, 8, 'done')]],
  ['a lost put that came and went', [lostPut('1', 1, 5), get('1', 6, 7), get('0', 8, 9)]],
  ['a lost put that took place after the cut', [lostPut('1', 1, 5), get('0', 6, 7), get('1', 8, 9)]],
])('not explained: %s', (_, operations) => {
  expect(judgeTag('0', operations)).toContain('no order explains')
})

/** A register that each operation meets at one moment between its start and its end. */
function history(seed: number, length: number): TagOperation[] {
  const random = createRandom('history', seed)
  let state: string | undefined = '0'
  const operations: TagOperation[] = []
  for (let at = 1; at <= length; at++) {
    const [start, end] = [at - random.below(40) / 10, at + random.below(40) / 10]
    const seen = random.chance(0.5) ? state : `${at - 1}`
    const precondition = random.chance(0.3) ? { match: seen === undefined ? ('any' as const) : [seen], noneMatch: undefined } : undefined
    const kind = random.pick(['get', 'put', 'put', 'delete'] as const)
    const isDone = precondition === undefined || (state !== undefined && (precondition.match === 'any' || precondition.match.includes(state)))
    let answer: TagAnswer = state === undefined ? 'absent' : { value: state }
    if (kind !== 'get' && !(kind === 'delete' && state === undefined)) answer = isDone ? 'done' : 'refused'
    if (answer === 'done') state = kind === 'put' ? `${at}` : undefined
    const call = kind === 'get' ? { kind } : kind === 'put' ? { kind, value: `${at}`, precondition } : { kind, precondition }
    operations.push(operation(call, start, end, answer))
  }
  return operations
}

test('long histories are decided: true ones are explained, those with a read from long ago are not', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const operations = history(seed, 400)
    expect(judgeTag('0', operations)).toBeUndefined()
    expect(judgeTag('0', [...operations, get('0', 300, 301)])).toContain('no order explains')
  }
})
