import { openSqlite, type SqliteConnection } from '../sqlite/connection.ts'
import { txOn } from '../sqlite/merged-commit.ts'
import { migrate } from '../migrations/migrate.ts'
import { migrations, sqliteTypes } from '../migrations/index.ts'
import type { Statement } from '../statement.ts'
import { checkColumns, insertInto, markObjectDamaged, presetRows, setInstallation, setSecret, type Fill, type LoadOptions } from './load.ts'

/** Makes the database file, which must not be there, and fills it in one transaction. */
export async function loadSqlite(path: string, options: LoadOptions, fill: Fill): Promise<void> {
  const connection = openSqlite(path, 'write')
  try {
    connection.execute('begin immediate')
    const tx = { ...txOn(connection, 'load', options.now), execute: async (sql: string) => connection.execute(sql) }
    await migrate(tx, sqliteTypes, { id: options.installation, secret: options.secret }, migrations.filter(({ version }) => version <= options.version))
    for (const sql of presetRows) connection.execute(sql)
    await fill({
      write: async (table, { columns, batches }) => {
        checkColumns(table.name, columns)
        const insert = plain(insertInto(table.name, columns, 1))
        for await (const batch of batches) for (const row of batch) connection.run(insert, row)
      },
      // eslint-disable-next-line @typescript-eslint/require-await
      setLastNumbers: async (numbers) => numbers.forEach(({ table, last }) => setLastNumber(connection, table, last)),
      // eslint-disable-next-line @typescript-eslint/require-await
      markDamaged: async (ids) => ids.forEach((id) => connection.run(plain(markObjectDamaged), [id])),
    })
    connection.run(plain(setInstallation), [options.installation])
    connection.run(plain(setSecret), [options.secret])
    connection.execute('commit')
  } finally {
    connection.close()
  }
}

function setLastNumber(connection: SqliteConnection, table: string, last: number): void {
  if (connection.run(plain('update sqlite_sequence set seq = $2 where name = $1'), [table, last]) > 0) return
  connection.run(plain('insert into sqlite_sequence (name, seq) values ($1, $2)'), [table, last])
}

/** A statement that only a restore runs: it is not one of the program's, whose plans are tested. */
function plain(text: string): Statement<never> {
  return { name: text, postgres: text, sqlite: text.replace(/\$(\d+)/g, '?$1') }
}
