import { statement, type Tx } from '../database/index.ts'

const bump = statement(`update meta set value = cast(cast(value as bigint) + 1 as text) where name = 'rights'`)

/**
 * Counts a change of what somebody may do, or of who somebody is: every process that remembers such things forgets them. It locks one
 * row that all such transactions share, so it is the last thing they do before they record their event. Here, since the core does it
 * too, where a first push makes a project.
 */
export async function bumpRights(tx: Tx): Promise<void> {
  if ((await tx.run(bump)) !== 1) throw new Error('the version of rights is missing from the database')
}
