import { statement, transaction, type Tx } from '../database/index.ts'
import { record, type EventActor } from '../record/index.ts'

export type RepositoryState = 'live' | 'frozen' | 'deleting'

const lock = statement<{ id: number; state: RepositoryState }>(`
  select id, state from repository where path = $1 and deleted_at is null for update`)
const change = statement('update repository set state = $2 where id = $1')

/** Waits for the writes that began under the old state; those that come after read the new one. */
export const changeRepositoryState = transaction(
  'change repository state',
  async (tx: Tx, input: { readonly repository: string; readonly state: RepositoryState; readonly actor: EventActor }) => {
    const repository = await tx.one(lock, input.repository)
    if (repository === undefined) return { refused: 'NAME_UNKNOWN' }
    await tx.run(change, repository.id, input.state)
    const keys = { repository: input.repository, from: repository.state, to: input.state }
    return await record(tx, { kind: 'repository.state', actor: input.actor, repositoryId: repository.id, keys }, null)
  },
)
