import { expect, test } from 'bun:test'
import { createManualClock } from '../../lib/index.ts'
import { createLogger } from '../../observe/index.ts'
import { keepRecordingInTurn } from './keep-recording.ts'

/** One place that one of them has. */
function createPlace() {
  let taken = false
  const lead = () => {
    if (taken) return undefined
    taken = true
    return { close: () => void (taken = false) }
  }
  return { lead, isTaken: () => taken }
}

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
}

function startProcess(clock: ReturnType<typeof createManualClock>, lead: Parameters<typeof keepRecordingInTurn>[1]) {
  let recorded = 0
  const lines: string[] = []
  const logger = createLogger({ level: 'info', destination: { write: (line) => void lines.push((JSON.parse(line) as { readonly msg: string }).msg), close: () => Promise.resolve() } })
  const recorder = {
    record: () => {
      recorded++
      return Promise.resolve('done' as const)
    },
    lag: () => undefined,
  }
  const end = keepRecordingInTurn(recorder, lead, { clock, logger })
  return { end, lines, recorded: () => recorded }
}

test('of two processes one records; the other one stands by, says so, and goes on when that has ended', async () => {
  const clock = createManualClock()
  const { lead, isTaken } = createPlace()
  const first = startProcess(clock, lead)
  const second = startProcess(clock, lead)
  clock.advance(5_000)
  await turns()
  expect([first.recorded() > 0, second.recorded()]).toEqual([true, 0])
  expect([first.lines, second.lines]).toEqual([[], [expect.stringContaining('stands by')]])
  await first.end()
  const last = first.recorded()
  clock.advance(1_000)
  await turns()
  expect([first.recorded(), second.recorded() > 0]).toEqual([last, true])
  expect(second.lines[1]).toContain('from now on')
  await second.end()
  expect(isTaken()).toBe(false)
})

test('one that stands by ends at once, and records nothing', async () => {
  const clock = createManualClock()
  const { lead } = createPlace()
  const first = startProcess(clock, lead)
  const second = startProcess(clock, lead)
  await second.end()
  expect(second.recorded()).toBe(0)
  await first.end()
})

test('one that ends just after the other has what changed in between in the segments', async () => {
  const clock = createManualClock()
  const { lead, isTaken } = createPlace()
  const first = startProcess(clock, lead)
  const second = startProcess(clock, lead)
  await first.end()
  await second.end()
  expect([second.recorded() > 0, isTaken()]).toEqual([true, false])
})

test('a lock that cannot be looked at stops the start, and later is looked at again', async () => {
  const clock = createManualClock()
  expect(() => startProcess(clock, () => {
    throw new Error('the file work.lock is damaged')
  })).toThrow('damaged')
  const answers: (() => { close(): void } | undefined)[] = [
    () => undefined,
    () => {
      throw new Error('an I/O error')
    },
  ]
  const process = startProcess(clock, () => (answers.shift() ?? (() => ({ close: () => undefined })))())
  clock.advance(1_000)
  await turns()
  expect(process.lines.at(-1)).toContain('can not be seen')
  clock.advance(60_000)
  await turns()
  expect(process.recorded()).toBeGreaterThan(0)
  await process.end()
})
