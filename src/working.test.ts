import { expect, test } from 'bun:test'
import type { Config } from './config/index.ts'
import { createLogger } from './observe/index.ts'
import type { CollectorDeps } from './registry/index.ts'
import { systemClock } from './lib/index.ts'
import { startWork } from './working.ts'

test('where the lock of the recovery segments cannot be looked at, no work is begun', async () => {
  const config = { gc: { interval: 1_000 }, storage: { scrub: 0 }, jobs: { at_once: 1, lease: 1_000 }, usage: { retention: 1_000 } } as Config
  const asked: unknown[] = []
  const ask = (...question: unknown[]) => {
    asked.push(question)
    return Promise.reject(new Error('it is away'))
  }
  const database = { all: ask, one: ask, now: ask, transact: ask, snapshot: ask }
  const core = { database, clock: systemClock, settings: {} } as unknown as CollectorDeps
  const lead = () => {
    throw new Error('the file work.lock is damaged')
  }
  expect(() => startWork(config, core, { path: '/nowhere', lead }, createLogger({ level: 'silent' }))).toThrow('work.lock')
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
  expect(asked).toEqual([])
})
