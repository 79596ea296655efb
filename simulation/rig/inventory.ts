import type { DatabaseReader } from '../../src/database/index.ts'
import { inspect, type FindingCode } from '../../src/features/integrity/index.ts'
import { createFilesystemStore } from '../../src/storage/index.ts'

/** What sessions acknowledged is judged by who takes them up; a power cut may take unfinished bytes. */
const judgedElsewhere: ReadonlySet<FindingCode> = new Set(['upload-bytes-missing'])

/**
 * Looks at a data directory that no server uses, as `berth fsck` does: rows, files and whether they agree. With `hash`, every
 * byte is read too. Closes the database, and answers what is wrong.
 */
export async function takeInventory(data: string, database: DatabaseReader, { hash }: { readonly hash: boolean }): Promise<string[]> {
  const problems: string[] = []
  const scene = { database, store: createFilesystemStore({ root: data }), deep: hash, ended: new AbortController().signal }
  try {
    await inspect({
      scene,
      repair: undefined,
      onFinding: ({ code, subject, detail }) => {
        if (!judgedElsewhere.has(code)) problems.push(`${code} ${JSON.stringify(subject)} ${detail}`)
      },
      onProgress: () => undefined,
    })
    return problems
  } finally {
    await database.close()
  }
}
