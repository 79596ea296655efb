import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqliteReader, type DatabaseReader } from '../../src/database/index.ts'

/**
 * A copy of the database of a data directory, while no server runs; closing it removes it. To open the database itself would
 * recover it, which is what the server's next start has to show.
 */
export async function openSqliteCopy(data: string): Promise<DatabaseReader> {
  const folder = mkdtempSync(join(tmpdir(), 'berth-rows-'))
  const remove = (): void => rmSync(folder, { recursive: true })
  try {
    for (const file of ['berth.db', 'berth.db-wal']) {
      if (existsSync(join(data, file))) copyFileSync(join(data, file), join(folder, file))
    }
    const reader = await openSqliteReader({ path: join(folder, 'berth.db'), installation: undefined })
    const close = async (): Promise<void> => {
      await reader.close()
      remove()
    }
    return { ...reader, close }
  } catch (error) {
    remove()
    throw error
  }
}
