import { operation, type Operation } from './operation.ts'
import { ids, now, type State } from './rows.ts'

// With everything that has rows of its own: what is counted has none in common with it but the manifest that was asked for.
const states: readonly State[] = ['a manifest refers to the layer']
const never = () => false

const counted = (writer: string) => ({
  writer,
  batch: 2,
  used: [
    { repository: ids.app, actor: 'account', actorId: 3, sums: [1, 10, 0, 0] },
    { repository: ids.base, actor: 'anonymous', actorId: 0, sums: [0, 0, 1, 20] },
  ],
  asked: [
    [ids.app, 'sha256:manifest'],
    [ids.app, 'sha256:gone'],
  ],
})

/** What threads that count write, and what looks after it. */
export const usageOperations: readonly Operation[] = [
  operation('record usage', { subject: 'usage', transaction: 'record usage', input: (side) => counted(`thread ${side}`), states, records: never }),
  operation('record usage of a thread that goes on', {
    subject: 'usage',
    transaction: 'record usage',
    input: () => counted('here'),
    states,
    records: never,
  }),
  operation('clear usage', { subject: 'usage', transaction: 'clear usage', input: () => ({ retention: 86_400_000, most: 10 }), states, records: never }),
  ...(['runs', 'lost'] as const).map((claim) =>
    operation(`keep stored usage of a run that ${claim === 'runs' ? 'goes on' : 'was lost'}`, {
      subject: 'usage',
      transaction: 'keep stored usage',
      input: (side) => ({
        run: { job: claim === 'runs' ? 2 : 3, claim },
        project: ids.team,
        countedAt: now + side,
        rows: [{ repository: 0, logical: side, deduplicated: 1, trash: 0 }],
        last: true,
      }),
      states: ['jobs wait and run'],
      records: never,
    }),
  ),
]
