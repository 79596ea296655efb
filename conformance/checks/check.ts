import type { Client } from '../oci/client.ts'
import type { Level } from './level.ts'

/** One rule and how to see whether a registry keeps it. */
export interface Check {
  /** Unique in its group; `group/id` names it everywhere: in reports, in lists of differences. */
  readonly id: string
  readonly level: Level
  /** What has to be so, in words a reader of the report understands. */
  readonly rule: string
  /** The rows of rows/ that this shows. */
  readonly rows: readonly string[]
  /**
   * Uses only repositories that `registry.repository()` names.
   * @throws NotSupported or NotApplicable; any other Error when the rule is not kept
   */
  readonly run: (registry: Client) => Promise<void>
}

/** As the headings of a report say it. */
export type GroupName = Readonly<Record<'en' | 'zh-CN', string>>

export interface Group {
  readonly id: string
  readonly name: GroupName
  /** Where it is written: a section of the specification or another document. */
  readonly section: string
  readonly checks: readonly Check[]
}

type Build = (id: string, rule: string, rows: readonly string[], run: Check['run']) => Check

const build =
  (level: Level): Build =>
  (id, rule, rows, run) =>
    Object.freeze({ id, level, rule, rows, run })

/** What the specification says a registry MUST do, if it has the feature at all. */
export const must = build('must')
/** What the specification says a registry SHOULD do. */
export const should = build('should')
/** What clients need, whatever the specification says. */
export const clients = build('clients')
/** What Berth promises. */
export const berth = build('berth')

/** The registry says, in a way the specification allows, that it does not do this. */
export class NotSupported extends Error {}

/** There is nothing to check here: not with this login, not over this transport. */
export class NotApplicable extends Error {}
