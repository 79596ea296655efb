import { type Answer, type Client, expectStatus, Violation } from './client.ts'
import { bytesOf } from './content.ts'
import type { Item, Ledger, Session } from './ledger.ts'
import { look, pathOf } from './look.ts'
import { closingPath, rangeEnd } from './push-blob.ts'
import type { Random } from './random.ts'

/**
 * Goes on with a session whose client was cut off: to its end, after which the blob must be there, or some bytes further.
 * Answers what it was: still open, already closed by a request whose answer was lost, or lost itself, which only a power cut
 * may do to it.
 */
export async function takeUp(
  client: Client,
  ledger: Ledger,
  session: Session,
  howFar: 'further' | 'end',
  random: Random,
): Promise<'open' | 'closed' | 'lost'> {
  try {
    return await goOn(client, ledger, session, howFar, random)
  } catch (error) {
    if (!(error instanceof BytesLost)) throw error
    ledger.sessions.delete(session)
    return 'lost'
  }
}

async function goOn(...[client, ledger, session, howFar, random]: Parameters<typeof takeUp>): Promise<'open' | 'closed'> {
  const { repository, location, content } = session
  const status = expectStatus(await client.send('GET', location), 204, 404)
  const offset = status.status === 204 ? rangeEnd(status) : undefined
  checkOffset(session, offset)
  if (offset !== undefined && !session.closing && howFar === 'further') {
    await appendHalf(client, session, offset)
    return 'open'
  }
  const item: Item = { kind: 'blob', repository, digest: content.digest }
  ledger.attempt(item)
  await closeAgain(client, session, offset, random)
  if ((await look(client, item)) === 'absent') throw new Violation(`${pathOf(item)} ended a resumed upload and is not there`)
  ledger.sessions.delete(session)
  ledger.keep(item)
  return offset === undefined ? 'closed' : 'open'
}

/** The session was refused because what it had written is gone. */
class BytesLost extends Error {}

/** A 202 survives a kill, not a power cut: after that 404 is right too, and 400 for bytes that came back as others. */
function expectTaken(answer: Answer, { unsynced }: Session, status: number): Answer {
  if (unsynced && (answer.status === 404 || answer.status === 400)) throw new BytesLost(answer.request)
  return expectStatus(answer, status)
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

async function append(client: Client, session: Session, offset: number, end: number): Promise<number> {
  const { location, content } = session
  const body = bytesOf(content).subarray(offset, end)
  const headers = { 'content-range': `${offset}-${end - 1}` }
  return rangeEnd(expectTaken(await client.send('PATCH', location, { body, headers }), session, 202))
}

/** The closing PUT, with what is missing. A PUT whose answer was lost is sent again, and answers the same. */
async function closeAgain(client: Client, session: Session, offset: number | undefined, random: Random): Promise<void> {
  const { location, content } = session
  let start = offset ?? session.acknowledged
  const split = offset !== undefined && offset < content.size && random.chance(0.5)
  if (split) start = await append(client, session, offset, content.size)
  const body = start < content.size ? bytesOf(content).subarray(start) : undefined
  const answer = await client.send('PUT', closingPath(location, content), { body })
  if (offset === undefined) expectStatus(answer, 201)
  else expectTaken(answer, session, 201)
}
