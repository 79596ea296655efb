import { type Database, statement } from '../database/index.ts'

const nameById = statement<{ name: string }>('select name from namespace where id = $1 and deleted_at is null')

/** The present name of a project, of which only the id is known. */
export async function projectName(database: Database, id: number): Promise<string | undefined> {
  return (await database.one(nameById, id))?.name
}
