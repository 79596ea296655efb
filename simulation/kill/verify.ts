import { Violation } from '../rig/client.ts'
import { each } from '../rig/each.ts'
import type { Item } from '../rig/ledger.ts'
import { look, pathOf } from '../rig/look.ts'
import { takeUp } from '../rig/take-up.ts'
import { readHot } from './hot-tags.ts'
import { choicesOf, type Load } from './load.ts'

const atOnce = 8
const newest = 300
const sample = 100

/** After a kill: hot tags, everything in doubt, the newest of what was promised and some of the rest, open sessions. */
export async function verifyRecent(load: Load): Promise<void> {
  const random = choicesOf(load, 'verify')
  await verifyHot(load)
  const kept = load.ledger.all('kept')
  const older = kept.slice(0, -newest)
  const some = older.length === 0 ? [] : Array.from({ length: sample }, () => random.pick(older))
  const gone = load.ledger.all('gone')
  const missing = gone.length === 0 ? [] : Array.from({ length: sample / 4 }, () => random.pick(gone))
  await verifyItems(load, [...load.ledger.all('possible'), ...missing, ...some, ...kept.slice(-newest)])
  await takeUpSessions(load, () => (random.chance(0.3) ? 'further' : 'end'))
}

/** At the end: everything. */
export async function verifyAll(load: Load): Promise<void> {
  await verifyHot(load)
  await takeUpSessions(load, () => 'end')
  await verifyItems(load, (['possible', 'gone', 'kept'] as const).flatMap((state) => load.ledger.all(state)))
}

async function takeUpSessions(load: Load, howFar: () => 'further' | 'end'): Promise<void> {
  const { client, ledger, figures } = load
  const random = choicesOf(load, 'sessions')
  await each([...ledger.sessions], atOnce, async (session) => {
    const was = await takeUp(client, ledger, session, howFar(), random)
    if (was === 'closed') figures.closedAgain++
    else if (was === 'lost') figures.sessionsLost++
    else figures.resumed++
  })
}

/** Each tag is read by tag twice, and what it names by digest; then its history must have an explanation. */
async function verifyHot({ client, hot }: Load): Promise<void> {
  for (const [tag, history] of hot) {
    await readHot(client, tag, history)
    const value = await readHot(client, tag, history)
    const problem = history.judge()
    if (problem !== undefined) throw new Violation(`the tag ${tag}: ${problem}`)
    history.settle(value)
  }
}

async function verifyItems(load: Load, items: readonly Item[]): Promise<void> {
  await each(items, atOnce, (item) => verifyItem(load, item))
}

/** What was in doubt is settled by what is seen: from now on it stays so. */
async function verifyItem({ client, ledger, figures }: Load, item: Item): Promise<void> {
  const before = ledger.state(item)
  const found = await look(client, item)
  figures.checks++
  if (before === 'kept' && found === 'absent') throw new Violation(`${pathOf(item)} was acknowledged and is not there`)
  if (before === 'gone' && found === 'present') throw new Violation(`${pathOf(item)} was deleted or missing and is there again`)
  if (before !== 'possible') return
  if (found === 'present') {
    ledger.keep(item)
    figures.lostButDone++
  } else {
    ledger.forget(item)
    figures.lostUndone++
  }
}
