import type { Plant, Rig } from './plant.ts'

const runs = 'src/jobs/run-transactions.ts'
const takenOver: Rig = { name: 'jobs', file: 'src/jobs/jobs.test.ts', test: 'whose worker is gone is taken over' }
const crashes: Rig = { name: 'crashes of workers', file: 'src/jobs/crashes.test.ts', test: 'leave every effect made once', seed: 1 }

/** That work is done once, whoever is killed while it is done. */
export const jobs: readonly Plant[] = [
  {
    name: 'a job is run twice, both times with effect: the end of the lease does not count',
    invariant: 10,
    edits: [
      {
        file: runs,
        from: '(await tx.one(held, job, claim, tx.now)) === undefined ? lost : undefined',
        to: '(await tx.one(held, job, claim, 0)) === undefined ? lost : undefined',
      },
    ],
    caughtBy: { rig: takenOver, says: /JOB_RUN_LOST/ },
  },
  {
    name: 'a job is run twice, both times with effect: that it was made is not kept with it',
    invariant: 10,
    edits: [{ file: runs, from: 'tx.run(movePosition, job, claim,', to: 'tx.run(movePosition, -job, claim,' }],
    caughtBy: { rig: crashes, says: /toEqual/ },
  },
  {
    name: 'a job is run twice at once: one that does not end with its process is given back all the same',
    invariant: 10,
    edits: [{ file: 'src/jobs/run-job.ts', from: 'if (returned === left) return left', to: 'if (returned === left) return undefined' }],
    caughtBy: { rig: { name: 'runs that do not end', file: 'src/jobs/unheeding.test.ts', test: 'keeps its job while the process ends' }, says: /toMatchObject/ },
  },
  {
    name: 'a job is taken over by the clock of the machine',
    invariant: 10,
    edits: [
      { file: 'src/jobs/keep-working.ts', from: 'findDue({ database, handlers }', to: 'findDue({ database, clock, handlers }' },
      { file: 'src/jobs/keep-working.ts', from: 'const now = await database.now()', to: 'const now = await Promise.resolve(clock.now())' },
    ],
    caughtBy: { rig: { name: 'clocks that differ', file: 'src/jobs/skew.test.ts', test: 'take a job over when its lease is over', seed: 1 }, says: /toEqual/ },
  },
  {
    name: 'a run that was given back counts',
    invariant: 10,
    edits: [{ file: runs, from: 'attempt = attempt - 1, claim = null', to: 'claim = null' }],
    caughtBy: { rig: { ...takenOver, test: 'is given back when the process ends' }, says: /toMatchObject/ },
  },
]
