import type { Client } from '../../../client/index.ts'
import { UsageFault } from '../failure.ts'
import { everyPage, option, type Verb, word } from '../verb.ts'

export const inventoryVerbs: readonly Verb[] = [
  {
    noun: 'inventory',
    verb: 'report',
    help: 'help.inventory.report',
    words: ['[FILE]'],
    options: [
      { flags: '--cluster <NAME>', help: 'help.inventory.cluster', mandatory: true },
      { flags: '--seen-at <TIME>', help: 'help.inventory.seen-at' },
    ],
    run: async (client, typed) => {
      const digests = digestsIn(await typed.text(word(typed, 'FILE') || '-'))
      return await reportInParts(client, { cluster: option(typed, 'cluster') ?? '', seenAt: option(typed, 'seenAt') }, digests)
    },
  },
  {
    noun: 'inventory',
    verb: 'list',
    help: 'help.inventory.list',
    columns: ['cluster', 'seenAt', 'counts', 'countsUntil', 'digests', 'reportedBy'],
    run: async (client) => await everyPage((query) => client.call('listInventory', { query })),
  },
]

const digest = /^(?:[^\s@]*@|[a-z-]+:\/\/)?(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/

/** Digests, and references to images by digest as `kubectl` shows them, divided by any white space; `#` begins a remark of a line. */
function digestsIn(text: string): string[] {
  const found = new Set<string>()
  for (const [at, line] of text.split('\n').entries()) {
    for (const each of line.replace(/#.*/, '').split(/\s+/).filter((part) => part !== '')) {
      const [, named] = digest.exec(each) ?? []
      // Left out, it would be taken for something that runs nowhere.
      if (named === undefined) throw new UsageFault('inventory.not-a-digest', { line: String(at + 1), text: each.slice(0, 200) })
      found.add(named)
    }
  }
  return [...found]
}

/** So many go in one request. */
const atOnce = 100

/** Sends a report, of many digests in parts: what was reported before counts until the last one has come. */
async function reportInParts(client: Client, { cluster, seenAt }: { readonly cluster: string; readonly seenAt: string | undefined }, digests: readonly string[]) {
  let time = seenAt
  for (let from = 0; ; from += atOnce) {
    const more = from + atOnce < digests.length
    const reported = await client.call('reportInventory', { body: { cluster, seenAt: time, digests: digests.slice(from, from + atOnce), more } })
    if (!more) return reported
    time = reported.seenAt
  }
}
