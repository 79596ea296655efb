import { expect, setDefaultTimeout, test } from 'bun:test'
import { dirname, join } from 'node:path'
import { createClient } from '../oci/client.ts'
import { freshBytes } from '../oci/content.ts'
import { startServer } from '../server.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { pathsUsed, whyNoRecord } from './opened-files.ts'
import { pathCases, pathControls } from './path-cases.ts'
import { provoke } from './provoke.ts'
import { queryCases, queryControls } from './query-cases.ts'

setDefaultTimeout(180_000)

const why = whyNoRecord()

const skipped = why === undefined ? '' : ` (skipped: ${why})`

test.skipIf(why !== undefined)(`no path or query leads out of the data folder${skipped}`, async () => {
  const folder = temporaryFolder()
  const server = await startServer({ data: join(folder.path, 'data') })
  try {
    const { url } = server
    for (const { request } of [...pathControls, ...queryControls]) await provoke(url, request)
    const used = await pathsUsed(server.pid, join(folder.path, 'record'), async () => {
      for (const { request } of [...pathCases, ...queryCases]) await provoke(url, request)
      await createClient(url).pushBlob('opened', freshBytes(100_000))
    })
    // The record works: what the last push wrote is in it.
    expect(used.some((path) => path.startsWith(join(server.data, 'blobs/sha256/')))).toBe(true)
    expect(used.filter((path) => !isInside(path, server.data))).toEqual([])
  } finally {
    await server.stop()
    folder.remove()
  }
})

/**
 * Within the folder by its letters alone. The runtime itself looks at what the kernel tells of the process, and the folder above is
 * opened by its own name to make that of the data folder durable.
 */
function isInside(path: string, folder: string): boolean {
  if (path.includes('..') || path.includes('%')) return false
  return path === folder || path === dirname(folder) || path.startsWith(`${folder}/`) || path.startsWith('/proc/self/')
}
