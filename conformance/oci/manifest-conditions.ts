import { expect } from 'bun:test'
import { berth, type Check } from '../checks/check.ts'
import { digestOf } from '../digest.ts'
import { textOf, type Client } from './client.ts'
import { types } from './content.ts'
import { expectError } from './expect-error.ts'
import { expectNothing, put, pushedImage } from './manifest-put.ts'

function send(
  client: Client,
  method: string,
  repository: string,
  reference: string,
  headers: Record<string, string>,
  body?: string,
) {
  const type: Record<string, string> = body === undefined ? {} : { 'content-type': types.manifest }
  return client.send(method, `/v2/${repository}/manifests/${reference}`, { headers: { ...type, ...headers }, body })
}

async function etagOf(client: Client, repository: string, reference: string): Promise<string> {
  return (await client.send('HEAD', `/v2/${repository}/manifests/${reference}`)).headers.get('etag') ?? 'none'
}

const unreadable = {
  empty: '', bare: 'sha256:abc', 'without-comma': '"a" "b"', 'any-and-one': '*, "a"',
  'too-many': Array.from({ length: 65 }, (_, n) => `"${n}"`).join(', '),
}

export const manifestConditions: readonly Check[] = [
  berth('if-none-match', 'If-None-Match by tag and by digest is 304 while nothing changed', [], async (client) => {
    const repository = client.repository()
    const text = await pushedImage(client, repository)
    await put(client, repository, 'tag', text, types.manifest)
    for (const reference of ['tag', digestOf(text)]) {
      for (const method of ['GET', 'HEAD']) {
        const path = `/v2/${repository}/manifests/${reference}`
        const same = await client.send(method, path, { headers: { 'if-none-match': `"${digestOf(text)}"` } })
        expect([same.status, same.headers.get('etag')]).toEqual([304, `"${digestOf(text)}"`])
        expect((await client.send(method, path, { headers: { 'if-none-match': '"other"' } })).status).toBe(200)
      }
    }
    const newer = await pushedImage(client, repository)
    await put(client, repository, 'tag', newer, types.manifest)
    const headers = { 'if-none-match': `"${digestOf(text)}"` }
    const moved = await client.send('GET', `/v2/${repository}/manifests/tag`, { headers })
    expect([moved.status, textOf(moved)]).toEqual([200, newer])
    // The one before is still there.
    expect((await client.send('GET', `/v2/${repository}/manifests/${digestOf(text)}`)).status).toBe(200)
  }),
  berth('create-only', 'PUT with If-None-Match: * creates and never replaces', [], async (client) => {
    const repository = client.repository()
    const [text, other] = [await pushedImage(client, repository), await pushedImage(client, repository)]
    const create = { 'if-none-match': '*' }
    expect((await send(client, 'PUT', repository, 'tag', create, text)).status).toBe(201)
    for (const body of [text, other]) expectError(await send(client, 'PUT', repository, 'tag', create, body), 412, 'DENIED')
    expect(await etagOf(client, repository, 'tag')).toBe(`"${digestOf(text)}"`)
    expect((await client.send('HEAD', `/v2/${repository}/manifests/${digestOf(other)}`)).status).toBe(404)
    const beside = `${digestOf(other)}?tag=new&tag=tag`
    expectError(await send(client, 'PUT', repository, beside, create, other), 412, 'DENIED')
    expect((await client.send('HEAD', `/v2/${repository}/manifests/new`)).status).toBe(404)
  }),
  berth('replace-what-was-seen', 'If-Match moves and deletes only what the client has seen', [], async (client) => {
    const repository = client.repository()
    const [text, other] = [await pushedImage(client, repository), await pushedImage(client, repository)]
    for (const seen of ['*', `"${digestOf(text)}"`]) {
      expectError(await send(client, 'PUT', repository, 'tag', { 'if-match': seen }, text), 412, 'DENIED')
    }
    await put(client, repository, 'tag', text, types.manifest)
    const seen = await etagOf(client, repository, 'tag')
    expect((await send(client, 'PUT', repository, 'tag', { 'if-match': `"x", ${seen}` }, other)).status).toBe(201)
    expectError(await send(client, 'PUT', repository, 'tag', { 'if-match': seen }, text), 412, 'DENIED')
    expectError(await send(client, 'PUT', repository, 'tag', { 'if-match': `W/"${digestOf(other)}"` }, text), 412, 'DENIED')
    expectError(await send(client, 'DELETE', repository, 'tag', { 'if-match': seen }), 412, 'DENIED')
    expect(await etagOf(client, repository, 'tag')).toBe(`"${digestOf(other)}"`)
    expect((await send(client, 'DELETE', repository, 'tag', { 'if-match': `"${digestOf(other)}"` })).status).toBe(202)
    expectError(await send(client, 'DELETE', repository, 'tag', { 'if-match': '*' }), 404, 'MANIFEST_UNKNOWN')
  }),
  berth('one-wins', 'of many conditional pushes at once one wins', [], async (client) => {
    const repository = client.repository()
    const texts = await Promise.all(Array.from({ length: 8 }, () => pushedImage(client, repository)))
    const race = async (headers: Record<string, string>): Promise<void> => {
      const tryPut = async (text: string) => (await send(client, 'PUT', repository, 'tag', headers, text)).status
      const statuses = await Promise.all(texts.map(tryPut))
      expect(statuses.toSorted((a, b) => a - b)).toEqual([201, ...Array.from({ length: 7 }, () => 412)])
    }
    await race({ 'if-none-match': '*' })
    await put(client, repository, 'tag', await pushedImage(client, repository), types.manifest)
    await race({ 'if-match': await etagOf(client, repository, 'tag') })
  }),
  ...Object.entries(unreadable).map(([id, condition]) =>
    berth(`condition-${id}`, `the condition ${condition.slice(0, 30)} is refused: nobody can understand it`, [], async (client) => {
      const repository = client.repository()
      const text = await pushedImage(client, repository)
      for (const name of ['if-match', 'if-none-match']) {
        expectError(await send(client, 'PUT', repository, 'refused', { [name]: condition }, text), 400, 'UNSUPPORTED')
      }
      await expectNothing(client, repository, text)
    }),
  ),
]
