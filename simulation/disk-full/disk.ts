import { createClient, expectStatus, Violation, type Client } from '../rig/client.ts'
import { each } from '../rig/each.ts'
import { takeInventory } from '../rig/inventory.ts'
import { createLedger, type Item } from '../rig/ledger.ts'
import { look, pathOf } from '../rig/look.ts'
import { createRandom } from '../rig/random.ts'
import { type ServerProcess, startServer } from '../rig/server-process.ts'
import { openSqliteCopy } from '../rig/sqlite-copy.ts'
import { takeUp } from '../rig/take-up.ts'
import type { Place } from './private-mount.ts'
import { createStrictClient } from '../rig/refusal.ts'

/** What came of it. */
export interface DiskFigures {
  acknowledged: number
  refused: number
  reads: number
  deletes: number
  deletesRefused: number
}

/** A server whose data, the database included, is in a place where something goes wrong. */
export class Disk {
  readonly #place: Place
  /**
   * Whether what no manifest refers to is collected while the test runs: then a blob is promised only with its manifest. The
   * lease is longer than any push of the test.
   */
  readonly collects: boolean
  readonly ledger = createLedger()
  readonly figures: DiskFigures = { acknowledged: 0, refused: 0, reads: 0, deletes: 0, deletesRefused: 0 }
  #server: ServerProcess | undefined

  constructor(place: Place, { collects = false } = {}) {
    this.#place = place
    this.collects = collects
  }

  get client(): Client {
    return createStrictClient(this.server.url)
  }

  get server(): ServerProcess {
    if (this.#server === undefined) throw new Error('the server was not started')
    return this.#server
  }

  async start(): Promise<void> {
    const { path, under } = this.#place
    const often = this.collects ? { BERTH_GC_LEASE: '5s', BERTH_GC_INTERVAL: '100ms' } : {}
    this.#server = await startServer({ data: `${path}/data`, under, settings: { BERTH_GC_DRAIN: '0s', ...often } })
  }

  /** Open sessions can be ended, and everything acknowledged is there. */
  async verify(): Promise<void> {
    const client = createClient(this.server.url)
    const random = createRandom('verify')
    for (const session of this.ledger.sessions) await takeUp(client, this.ledger, session, 'end', random)
    await this.verifyReads()
  }

  /** Everything acknowledged is there, whole. */
  async verifyReads(): Promise<void> {
    const client = createClient(this.server.url)
    await each(this.ledger.all('kept'), 8, (item) => this.#expectThere(client, item))
  }

  async #expectThere(client: Client, item: Item): Promise<void> {
    if ((await look(client, item)) === 'absent') throw new Violation(`${pathOf(item)} was acknowledged and is not there`)
    if (item.kind === 'tag') expectStatus(await client.send('HEAD', pathOf(item)), 200)
  }

  /** Everything, now and after a restart; then files and rows agree. */
  async verifyTwice(): Promise<void> {
    await this.verify()
    await this.stop()
    await this.start()
    await this.verify()
    await this.stop()
  }

  /** Stops the server in order and compares rows and files. */
  async stop(): Promise<void> {
    await this.server.stop()
    const data = `${this.#place.fromHere}/data`
    const problems = await takeInventory(data, await openSqliteCopy(data), { hash: true })
    if (problems.length > 0) throw new Violation(`in the data directory:\n${problems.slice(0, 20).join('\n')}`)
  }

  async end(): Promise<void> {
    if (this.#server?.running === true) await this.#server.kill()
    await this.#place.end()
  }
}
