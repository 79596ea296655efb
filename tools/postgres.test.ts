import { expect, setDefaultTimeout, test } from 'bun:test'
import { Client } from 'pg'
import { findTool } from './installed.ts'
import { startPostgres } from './postgres.ts'

setDefaultTimeout(30_000)
const installed = findTool('postgres') !== undefined

async function answers(url: string): Promise<boolean> {
  const client = new Client(url)
  try {
    await client.connect()
    const { rows } = await client.query<{ superuser: boolean }>(
      'select rolsuper as superuser from pg_roles where rolname = current_user',
    )
    return rows[0]?.superuser === true
  } catch {
    return false
  } finally {
    await client.end()
  }
}

test.skipIf(!installed)('a server of its own, gone when stopped', async () => {
  const postgres = await startPostgres()
  expect(await answers(postgres.url)).toBe(true)
  expect(await answers(postgres.url.replace(/:[^:@]+@/, ':wrong@'))).toBe(false)
  await postgres.stop()
  expect(await answers(postgres.url)).toBe(false)
})

test.skipIf(!installed)('the server ends when its user is killed', async () => {
  const program = `
    const { startPostgres } = await import(${JSON.stringify(import.meta.resolve('./postgres.ts'))})
    console.log((await startPostgres()).url)
    setInterval(() => {}, 1000)`
  const child = Bun.spawn([process.execPath, '-e', program], { stdin: 'ignore', stdout: 'pipe' })
  const { value } = await child.stdout.getReader().read()
  const url = new TextDecoder().decode(value).trim()
  expect(await answers(url)).toBe(true)
  child.kill('SIGKILL')
  const limit = Date.now() + 10_000
  while ((await answers(url)) && Date.now() < limit) await Bun.sleep(20)
  expect(await answers(url)).toBe(false)
})
