import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { emptyConfig, pushBlob, v2Path } from './v2-cases.ts'
import { World } from './world.ts'

setDefaultTimeout(300_000)

/** `other` administers the project `elsewhere` and has no part in this one. */
let world: World
let secret: string
beforeAll(async () => {
  world = await World.create('7d')
  secret = await world.project('private')
})
afterAll(() => world.dispose())

const rounds = 100
const networks = { networks: ['0.0.0.0/0', '::/0'] }

interface Held {
  readonly grant: string
  readonly tagRule: string
  readonly addressRule: string
  readonly robot: string
  readonly robotRule: string
  readonly token: string
  /** Of a deleted repository. */
  readonly trash: string
  /** The last part of the location of an upload. */
  readonly upload: string
}

async function hold(): Promise<Held> {
  const make = async (path: string, body: unknown) => await world.admin('POST', `/projects/${secret}${path}`, body)
  const person = world.fresh('person')
  await world.admin('POST', '/accounts', { name: person })
  const robot = world.fresh('robot')
  await make('/robots', { name: robot, rights: [{ project: secret, permissions: ['content.pull'] }] })
  const begun = await world.send(world.credentialOf('developer', secret), { method: 'POST', path: `/v2/${secret}/app/blobs/uploads/` })
  return {
    grant: String((await make('/grants', { subject: { kind: 'account', name: person }, role: 'guest' }))['id']),
    tagRule: String((await make('/tag-rules', { tags: 'never-*', roles: ['maintainer'] }))['id']),
    addressRule: String((await make('/address-rules', networks))['id']),
    robot,
    robotRule: String((await make(`/robots/${robot}/address-rules`, networks))['id']),
    token: await world.tokenOf('guest'),
    trash: await trash(),
    upload: new URL(begun.headers.get('location') ?? '', 'http://registry.test').pathname.split('/').at(-1) ?? '',
  }
}

async function trash(): Promise<string> {
  await pushBlob(world, world.credentialOf('admin', ''), `${secret}/gone`, emptyConfig)
  await world.admin('DELETE', `/projects/${secret}/repository?path=gone`)
  const { items } = await world.admin('GET', `/projects/${secret}/trash?limit=1`)
  return (items as readonly { readonly id: string }[])[0]?.id ?? ''
}

/** What somebody of another project tries with it. */
function attempts({ grant, tagRule, addressRule, robot, robotRule, token, trash, upload }: Held): [method: string, path: string, body?: unknown][] {
  const mine = '/api/v1/projects/elsewhere'
  const session = v2Path('elsewhere/app', `blobs/uploads/${upload}`)
  return [
    ['DELETE', `${mine}/grants/${grant}`],
    ['DELETE', `${mine}/tag-rules/${tagRule}`],
    ['DELETE', `${mine}/address-rules/${addressRule}`],
    ['GET', `${mine}/robots/${robot}`],
    ['PATCH', `${mine}/robots/${robot}`, { state: 'disabled' }],
    ['POST', `${mine}/robots/${robot}/rotate`, {}],
    ['DELETE', `${mine}/robots/${robot}`],
    ['DELETE', `${mine}/robots/own/address-rules/${robotRule}`],
    ['DELETE', `/api/v1/tokens/${token}`],
    ['GET', `/api/v1/trash/${trash}`],
    ['POST', `/api/v1/trash/${trash}/restore`],
    ['DELETE', `/api/v1/trash/${trash}`],
    ['GET', session],
    ['PATCH', session, new Uint8Array(8)],
    ['PUT', `${session}?digest=sha256:${'0'.repeat(64)}`, new Uint8Array(8)],
    ['DELETE', session],
  ]
}

test('what belongs to one project or account is nothing to another one, whatever id is asked for', async () => {
  const credential = world.credentialOf('other', '')
  const send = async (method: string, path: string, body?: unknown) => await world.send(credential, { method, path, body })
  const own = { name: 'own', rights: [{ project: 'elsewhere', permissions: ['content.pull'] }] }
  expect((await send('POST', '/api/v1/projects/elsewhere/robots', own)).status).toBe(201)
  const found: string[] = []
  let swaps = 0
  const answers = new Map<string, Set<string>>()
  for (let round = 0; round < rounds; round++) {
    for (const [method, path, body] of attempts(await hold())) {
      const { status } = await send(method, path, body)
      swaps++
      if (status !== 404) found.push(`${method} ${path}: ${status}`)
      // The same as for what nobody has.
      const shape = `${method} ${path.replace(/[^/]*$/, '')}`
      answers.set(shape, (answers.get(shape) ?? new Set()).add(String(status)))
    }
  }
  expect(found).toEqual([])
  expect(swaps).toBeGreaterThanOrEqual(1_000)
  const left = async (path: string) => ((await world.admin('GET', `/projects/${secret}${path}?limit=1000`))['items'] as unknown[]).length
  // Those of the members and robots of the world come on top.
  expect(await left('/grants')).toBe(rounds + 5)
  expect(await left('/robots')).toBe(rounds + 2)
  expect(await left('/tag-rules')).toBe(rounds)
  expect(await left('/address-rules')).toBe(rounds)
})

test('nothing of another project can be named in a body', async () => {
  const credential = world.credentialOf('other', '')
  const rights = [{ project: secret, permissions: ['content.pull'] }]
  for (const [path, body] of [
    ['/projects/elsewhere/robots', { name: 'thief', rights }],
    ['/projects/elsewhere/grants', { subject: { kind: 'robot', name: `${secret}+robot$narrowrobot` }, role: 'guest' }],
  ] as const) {
    const [real, absent] = await Promise.all(
      [body, JSON.parse(JSON.stringify(body).replaceAll(secret, 'not-there')) as unknown].map(async (each) => {
        const answer = await world.send(credential, { method: 'POST', path: `/api/v1${path}`, body: each })
        return { status: answer.status, text: (await answer.text()).replaceAll(secret, 'not-there') }
      }),
    )
    expect(real?.status).toBeWithin(400, 500)
    const without = (text = ''): string => text.replace(/"(instance|id|request)":"[^"]*",?/g, '')
    expect({ ...real, text: without(real?.text) }).toEqual({ ...absent, text: without(absent?.text) } as { status: number; text: string })
  }
})
