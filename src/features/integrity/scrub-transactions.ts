import { statement, transaction, type Tx } from '../../database/index.ts'

const keep = statement(`
  insert into meta (name, value) values ('scrub', $1) on conflict (name) do update set value = excluded.value`)

/** Where the scrubber is, so that it goes on there after a restart. */
export const keepScrubPosition = transaction('keep scrub position', async (tx: Tx, input: { readonly position: string }) => {
  await tx.run(keep, input.position)
  return { ok: null }
})
