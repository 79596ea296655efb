import type { Client } from '../../client/index.ts'
import type { MessageKey, Say } from '../messages.ts'
import type { Watching } from './watch-job.ts'

/** What was typed after a verb. */
export interface Typed {
  /** Arguments by their names, as they stand in the help: `NAME`. */
  readonly words: Readonly<Record<string, string | undefined>>
  readonly options: Readonly<Record<string, string | readonly string[] | true | undefined>>
  /** The password for whoever is named; `--password-stdin` says that it comes from a pipe. */
  readonly secret: () => Promise<string>
  /** Where progress is shown. */
  readonly watching: Watching
  /** What a file holds; `-` is standard input. Fails with a UsageFault. */
  readonly text: (file: string) => Promise<string>
}

export interface VerbOption {
  /** `--visibility <WORD>`, `--archived`; `...` after the value for one that may be repeated. */
  readonly flags: string
  readonly help: MessageKey
  readonly choices?: readonly string[]
  readonly mandatory?: boolean
}

/** A verb that talks to a server: `berth NOUN VERB`, or `berth VERB` where the noun is empty. */
export interface Verb {
  readonly noun: string
  readonly verb: string
  readonly help: MessageKey
  /** `NAME`; in brackets when it may be left out. */
  readonly words?: readonly string[]
  readonly options?: readonly VerbOption[]
  /** What it takes away cannot be had back: whoever sits at a terminal is asked, unless they say `--yes`. */
  readonly destroys?: true
  /** What it takes away can be had back from a server that keeps a trash: they are asked as well. */
  readonly discards?: true
  /** Answers with what is shown: a list as a table of `columns`, one thing as a line for each member. */
  readonly run: (client: Client, typed: Typed) => Promise<unknown>
  readonly columns?: readonly string[]
  /** What is shown, in the words of a person, where a table would say too little. */
  readonly describe?: (shown: unknown, say: Say) => string
}

/** A value that commander has made sure of. */
export function word({ words }: Typed, name: string): string {
  return words[name] ?? ''
}

export function option({ options }: Typed, name: string): string | undefined {
  const value = options[name]
  return typeof value === 'string' ? value : undefined
}

export function many({ options }: Typed, name: string): readonly string[] | undefined {
  const value = options[name]
  return typeof value === 'object' ? value : undefined
}

interface Paged<Item> {
  readonly items: readonly Item[]
  readonly next?: string | undefined
}

/** The most that a server gives at once. */
const largestPage = 200

/** All pages of a list as one, or the first `most` items of it. */
export async function everyPage<Item>(read: (page: { readonly limit: number; readonly cursor?: string }) => Promise<Paged<Item>>, most = Infinity): Promise<Item[]> {
  const items: Item[] = []
  let cursor: string | undefined
  do {
    const page: Paged<Item> = await read({ limit: Math.min(most - items.length, largestPage), ...(cursor === undefined ? {} : { cursor }) })
    items.push(...page.items)
    cursor = page.next
  } while (cursor !== undefined && items.length < most)
  return items
}
