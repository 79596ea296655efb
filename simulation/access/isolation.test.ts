import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { digestBytes } from '../../src/oci/index.ts'
import type { Identity } from './expectations.ts'
import { contentOf, pushBlob, pushTagged } from './v2-cases.ts'
import { World } from './world.ts'

setDefaultTimeout(120_000)

let world: World
let secret: string
let blob: { readonly digest: string; readonly bytes: Uint8Array<ArrayBuffer> }
let manifest: { readonly digest: string; readonly tag: string }
beforeAll(async () => {
  world = await World.create()
  secret = await world.project('private')
  blob = contentOf(crypto.getRandomValues(new Uint8Array(70_000)))
  await pushBlob(world, world.credentialOf('admin', ''), `${secret}/app`, blob)
  manifest = await pushTagged(world, `${secret}/app`)
})
afterAll(() => world.dispose())

const nothing = `sha256:${'0'.repeat(64)}`

/** All of an answer but what names the request itself. */
async function shown(identity: Identity, method: string, path: string, body?: Uint8Array) {
  const answer = await world.send(world.credentialOf(identity, secret), { method, path, ...(body && { body }) })
  const headers = Object.fromEntries(answer.headers)
  delete headers['x-request-id']
  delete headers['date']
  return { status: answer.status, headers, text: await answer.text() }
}

test.each(['other', 'ops', 'anonymous'] as const)('%s is told the same of what is hidden and of what is not there', async (identity) => {
  const paths: [method: string, real: string, absent: string][] = ['GET', 'HEAD'].flatMap((method): [string, string, string][] => [
    [method, `app/manifests/${manifest.tag}`, `app/manifests/none`],
    [method, `app/manifests/${manifest.digest}`, `app/manifests/${nothing}`],
    [method, `app/blobs/${blob.digest}`, `app/blobs/${nothing}`],
    [method, 'app/tags/list', 'nah/tags/list'],
    [method, `app/referrers/${manifest.digest}`, `nah/referrers/${manifest.digest}`],
  ])
  paths.push(['DELETE', `app/manifests/${manifest.digest}`, `app/manifests/${nothing}`], ['POST', 'app/blobs/uploads/', 'nah/blobs/uploads/'])
  // Names of the same length: the challenge repeats what was asked for.
  const missing = secret.replace(/.$/, '~').replace('~', secret.endsWith('z') ? 'y' : 'z')
  for (const [method, real, absent] of paths) {
    const asked = await shown(identity, method, `/v2/${secret}/${real}`)
    expect(asked.status).toBe(identity === 'anonymous' ? 401 : 403)
    const neutral = (answer: typeof asked, project: string, path: string) => {
      const repository = path.split('/')[0] ?? ''
      return JSON.parse(JSON.stringify(answer).replaceAll(`${project}/${repository}`, 'REPOSITORY').replaceAll(project, 'PROJECT')) as typeof asked
    }
    expect(neutral(await shown(identity, method, `/v2/${secret}/${absent}`), secret, absent)).toEqual(neutral(asked, secret, real))
    expect(neutral(await shown(identity, method, `/v2/${missing}/${real}`), missing, real)).toEqual(neutral(asked, secret, real))
  }
})

test('a blob of another project is not there, however it is asked for', async () => {
  const mine = '/v2/elsewhere/app'
  for (const method of ['GET', 'HEAD']) {
    const answers = [await shown('other', method, `${mine}/blobs/${blob.digest}`), await shown('other', method, `${mine}/blobs/${nothing}`)]
    expect(answers[0]?.status).toBe(404)
    expect(JSON.stringify(answers[0]).replaceAll(blob.digest, nothing)).toBe(JSON.stringify(answers[1]))
  }
  for (const from of [`&from=${secret}/app`, '&from=not-there/app', '']) {
    const answer = await shown('other', 'POST', `${mine}/blobs/uploads/?mount=${blob.digest}${from}`)
    expect(answer.status).toBe(202)
    expect(answer.headers['docker-content-digest']).toBeUndefined()
  }
  // A manifest may not name it either, and whoever wants to have it has to send all of it.
  const part = blob.bytes.slice(0, 100)
  expect((await shown('other', 'POST', `${mine}/blobs/uploads/?digest=${blob.digest}`, part)).status).toBe(400)
  expect((await shown('other', 'GET', `${mine}/blobs/${blob.digest}`)).status).toBe(404)
  expect((await shown('other', 'POST', `${mine}/blobs/uploads/?digest=${blob.digest}`, blob.bytes)).status).toBe(201)
  const pulled = await world.send(world.credentialOf('other', ''), { method: 'GET', path: `${mine}/blobs/${blob.digest}` })
  expect(digestBytes(await pulled.bytes(), 'sha256')).toBe(blob.digest as never)
})

test('the catalog and the list of projects show what the caller may see', async () => {
  const listed = async (identity: Identity): Promise<string[]> => {
    const answer = await world.send(world.credentialOf(identity, secret), { method: 'GET', path: '/v2/_catalog' })
    return ((await answer.json()) as { repositories: string[] }).repositories
  }
  for (const identity of ['guest', 'developer', 'maintainer', 'projectAdmin', 'auditor', 'admin', 'wideRobot'] as const) {
    expect(await listed(identity)).toContain(`${secret}/app`)
  }
  for (const identity of ['other', 'ops'] as const) expect(await listed(identity)).not.toContain(`${secret}/app`)
})
