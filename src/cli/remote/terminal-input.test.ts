import { expect, test } from 'bun:test'
import { terminalInput } from './terminal-input.ts'

/** A terminal on which the given pieces are typed; notes what it shows, and when it is raw. */
function terminal(...pieces: readonly string[]) {
  const noted: string[] = []
  const stdin = {
    isTTY: true,
    setRawMode: (raw: boolean) => noted.push(raw ? '<raw>' : '<plain>'),
    async *[Symbol.asyncIterator]() {
      for (const piece of pieces) yield await Promise.resolve(new TextEncoder().encode(piece))
    },
  }
  return { noted, input: terminalInput(stdin, (text) => noted.push(text)) }
}

test.each([
  [['secret\r'], ['secret']],
  [['sec', 'ret', '\n'], ['secret']],
  [['sex\u007fcret\r'], ['secret']],
  [['secret'], ['secret']],
  [['sec\u0003'], undefined],
  [['sec\u0004ret\r'], undefined],
])('what is typed as %j is %j', async (pieces, answers) => {
  expect(await terminal(...pieces).input.readHidden('Password: ')).toEqual(answers)
})

test.each([[['first\rsecond\r']], [['first\r', 'second\r']], [['fir', 'st\rsec', 'ond\r']]])('two questions are answered by %j', async (pieces) => {
  const { input, noted } = terminal(...pieces)
  expect(await input.readHidden('New: ', 'Again: ')).toEqual(['first', 'second'])
  expect(noted).toEqual(['<raw>', 'New: ', '\r\nAgain: ', '\r\n', '<plain>'])
})
