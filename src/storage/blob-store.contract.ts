import { afterAll, beforeAll, describe, test } from 'bun:test'
import type { BlobStore } from './blob-store.ts'
import { lifeCases } from './contract/life.ts'
import { listingCases } from './contract/listing.ts'
import { rangeCases } from './contract/ranges.ts'
import { hostileCases } from './contract/hostile.ts'
import { resumeCases } from './contract/resume.ts'

/** A store in a place of its own. */
export interface StoreUnderTest {
  readonly store: BlobStore
  /** Another store over the same bytes, as after a restart. */
  reopen(): BlobStore
  /** Removes everything. */
  dispose(): Promise<void>
}

/** What some drivers cannot be asked for. */
export type Capability = 'reopen'

export interface ContractOptions {
  create(): Promise<StoreUnderTest>
  /** What this driver is excused from, each with the reason. */
  readonly skip?: Partial<Record<Capability, string>>
}

/** One promise of the interface. `needs` names what not every driver can do. */
export interface ContractCase {
  readonly title: string
  readonly needs?: Capability
  run(under: StoreUnderTest): Promise<void>
}

const groups: Record<string, readonly ContractCase[]> = {
  'the life of an object': lifeCases,
  'resuming and copying': resumeCases,
  reading: rangeCases,
  listing: listingCases,
  'hostile ids and keys': hostileCases,
}

/** Everything `BlobStore` promises, as tests of one driver. The cases share a store and no ids. */
export function describeBlobStore(name: string, { create, skip = {} }: ContractOptions): void {
  describe(`blob store: ${name}`, () => {
    let under: StoreUnderTest
    beforeAll(async () => {
      under = await create()
    })
    afterAll(() => under.dispose())
    for (const [group, cases] of Object.entries(groups)) {
      describe(group, () => {
        for (const { title, needs, run } of cases) {
          const reason = needs && skip[needs]
          if (reason === undefined) test(title, () => run(under))
          else test.skip(`${title} (skipped: ${reason})`, () => run(under))
        }
      })
    }
  })
}
