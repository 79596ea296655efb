import { expectStatus, Violation, type Client } from '../rig/client.ts'
import { bytesOf } from '../rig/content.ts'
import { each } from '../rig/each.ts'
import type { Item, Session } from '../rig/ledger.ts'
import { look, pathOf } from '../rig/look.ts'
import { closingPath, rangeEnd } from '../rig/push-blob.ts'
import type { Random } from '../rig/random.ts'
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
  await each([...load.ledger.sessions], atOnce, (session) => takeUp(load, session, random.chance(0.7), random))
}

/** At the end: everything. */
export async function verifyAll(load: Load): Promise<void> {
  const random = choicesOf(load, 'verify')
  await verifyHot(load)
  await each([...load.ledger.sessions], atOnce, (session) => takeUp(load, session, true, random))
  await verifyItems(load, (['possible', 'gone', 'kept'] as const).flatMap((state) => load.ledger.all(state)))
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

/** Goes on with a session whose client was cut off, to its end or one piece further. */
async function takeUp(load: Load, session: Session, toTheEnd: boolean, random: Random): Promise<void> {
  const { client, ledger, figures } = load
  const { repository, location, content } = session
  const status = expectStatus(await client.send('GET', location), 204, 404)
  const offset = status.status === 204 ? rangeEnd(status) : undefined
  checkOffset(session, offset)
  if (offset !== undefined && !session.closing && !toTheEnd) {
    await appendHalf(client, session, offset)
    return
  }
  await closeAgain(client, session, offset, random)
  if (offset === undefined) figures.closedAgain++
  else figures.resumed++
  const item: Item = { kind: 'blob', repository, digest: content.digest }
  if ((await look(client, item)) === 'absent') throw new Violation(`${pathOf(item)} ended a resumed upload and is not there`)
  ledger.sessions.delete(session)
  ledger.keep(item)
}

/** `offset` is absent when the session is gone, which is right only when it ended. */
function checkOffset({ location, acknowledged, sent, closing }: Session, offset: number | undefined): void {
  if (offset === undefined && closing) return
  if (offset !== undefined && offset >= acknowledged && offset <= sent) return
  throw new Violation(`${location} has ${offset ?? 'no'} bytes; acknowledged were ${acknowledged}, sent ${sent}`)
}

async function appendHalf(client: Client, session: Session, offset: number): Promise<void> {
  const end = offset + Math.floor((session.content.size - offset) / 2)
  if (end === offset) return
  session.sent = end
  session.acknowledged = await append(client, session, offset, end)
}

async function append(client: Client, { location, content }: Session, offset: number, end: number): Promise<number> {
  const body = bytesOf(content).subarray(offset, end)
  const headers = { 'content-range': `${offset}-${end - 1}` }
  return rangeEnd(expectStatus(await client.send('PATCH', location, { body, headers }), 202))
}

/** The closing PUT, with what is missing. A PUT whose answer was lost is sent again, and answers the same. */
async function closeAgain(client: Client, session: Session, offset: number | undefined, random: Random): Promise<void> {
  const { location, content } = session
  let start = offset ?? session.acknowledged
  const split = offset !== undefined && offset < content.size && random.chance(0.5)
  if (split) start = await append(client, session, offset, content.size)
  const body = start < content.size ? bytesOf(content).subarray(start) : undefined
  expectStatus(await client.send('PUT', closingPath(location, content), { body }), 201)
}
