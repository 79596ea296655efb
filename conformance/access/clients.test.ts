import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { describeTools } from '../clients/describe-tools.ts'
import type { Credentials } from '../oci/login.ts'
import type { Finished } from '../run-program.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { until } from '../until.ts'
import { crane, helm, oras, regctl, skopeo } from './daemonless.ts'
import { ctr, docker, podman } from './engines.ts'
import type { LoginClient } from './login-client.ts'
import { admin, givenPassword, onPrivateRegistry, type PrivateRegistry } from './private-registry.ts'

setDefaultTimeout(120_000)

/** What a person reads where they are refused. */
interface Words {
  /** Without a login: at a pull, and at a push. */
  readonly anonymous: string
  readonly wrongPassword: string
  readonly mustChange: string
  /** Where they may see and not push, and where the tag is not theirs to move. */
  readonly guest: string
  readonly tagRule: string
  /** Where they may not even see: at a push, and at a pull. */
  readonly hiddenPush: string
  readonly hiddenPull: string
  readonly narrowToken: string
  readonly revoked: string
}

/** In the words of Berth, which most clients show. */
const ours: Words = {
  anonymous: 'log in first',
  wrongPassword: 'the user name or the password is not right',
  mustChange: 'has to choose a new password first',
  guest: 'no grant of content.push',
  tagRule: 'tag rule 9.*: only maintainer',
  hiddenPush: 'ask an administrator of the project',
  hiddenPull: 'ask an administrator of the project',
  narrowToken: 'does not allow content.push',
  revoked: 'the user name or the password is not right',
}

interface Row {
  readonly name: string
  readonly tools: readonly string[]
  readonly start: (paths: Readonly<Record<string, string>>, folder: string) => LoginClient | Promise<LoginClient>
  readonly words: Words
  /** Keeps what it is told at a login without asking whether it is right. */
  readonly believes?: boolean
}

/** They ask whether something is there before they push it, and the answer to HEAD has no words. */
const headFirst = (words: string): Words => ({ ...ours, hiddenPush: words })
/** containers/image keeps what the token service says to itself. */
const containersImage: Words = { ...headFirst('403 (Forbidden)'), wrongPassword: 'invalid username/password', mustChange: '403 (Forbidden)' }
/** Shows a refusal of the registry in our words, and none of the token service. */
const regclient: Words = {
  ...ours,
  anonymous: 'unauthorized',
  wrongPassword: 'unauthorized',
  mustChange: 'unauthorized',
  revoked: 'unauthorized',
  hiddenPull: '[http 403]',
}
/** Shows nothing but the status, and says of a login that is missing what it says of a right. */
const forbidden = '403 Forbidden'
const containerd: Words = {
  anonymous: 'authorization failed',
  wrongPassword: '401 Unauthorized',
  mustChange: forbidden,
  guest: forbidden,
  tagRule: forbidden,
  hiddenPush: forbidden,
  hiddenPull: forbidden,
  narrowToken: forbidden,
  revoked: '401 Unauthorized',
}

type Start = Row['start']
const alone =
  (name: string, build: (program: string, folder: string) => LoginClient | Promise<LoginClient>): Start =>
  (paths, folder) =>
    build(paths[name] ?? '', folder)

const rows: readonly Row[] = [
  { name: 'docker', tools: ['docker', 'dockerd'], start: docker, words: { ...ours, anonymous: 'access to the resource is denied' } },
  { name: 'podman', tools: ['podman'], start: alone('podman', podman), words: containersImage },
  { name: 'skopeo', tools: ['skopeo'], start: alone('skopeo', skopeo), words: containersImage },
  { name: 'ctr', tools: ['ctr', 'containerd'], start: ctr, words: containerd, believes: true },
  { name: 'crane', tools: ['crane'], start: alone('crane', crane), words: headFirst('403 Forbidden'), believes: true },
  { name: 'oras', tools: ['oras'], start: alone('oras', oras), words: headFirst('403: Forbidden') },
  { name: 'regctl', tools: ['regctl'], start: alone('regctl', regctl), words: regclient },
  { name: 'helm', tools: ['helm'], start: alone('helm', helm), words: headFirst('403: Forbidden') },
]

onPrivateRegistry('with access control', (registry) => {
  beforeAll(async () => {
    const { ask, addImage } = registry()
    for (const name of ['team', 'other']) await ask('POST', 'projects', { name })
    await ask('POST', 'projects', { name: 'open', visibility: 'public' })
    await ask('POST', 'projects/team/tag-rules', { tags: '9.*', roles: ['maintainer'], permissions: ['tag.move'] })
    await ask('POST', 'accounts', { name: 'newcomer', password: givenPassword })
    await addImage('team/shared', '1.0.0')
  })
  for (const row of rows) describeTools(row.tools, (paths) => describeClient(row, paths, registry))
})

function describeClient(row: Row, paths: Readonly<Record<string, string>>, registry: () => PrivateRegistry): void {
  const { name, start, words, believes = false } = row
  const folder = temporaryFolder()
  let client: LoginClient
  let developer: Credentials & { readonly grant: string }
  let guest: Credentials
  beforeAll(async () => {
    client = await start(paths, folder.path)
    developer = await registry().addUser(`${name}-developer`, { project: 'team', role: 'developer' })
    guest = await registry().addUser(`${name}-guest`, { project: 'team', role: 'guest' })
  })
  afterAll(async () => {
    await client.stop?.()
    folder.remove()
  })
  const at = (image: string) => `${registry().host}/${image}`
  const own = (tag: string, project = 'team') => at(`${project}/${name}:${tag}`)
  const logIn = ({ username, password }: Credentials) => client.login(registry().host, username, password)
  /** Does something as somebody, and forgets them again. */
  async function as(who: Credentials, whatever: () => Promise<void>): Promise<void> {
    done(await logIn(who))
    try {
      await whatever()
    } finally {
      await client.logout(registry().host)
    }
  }

  test('pulls what is public without a login, and nothing else', async () => {
    await as(admin, async () => done(await client.push(own('1.0.0', 'open'), 'first')))
    done(await client.pull(own('1.0.0', 'open')))
    refused(await client.pull(at('team/shared:1.0.0')), words.anonymous)
    refused(await client.push(own('1.1.0', 'open'), 'second'), words.anonymous)
  })

  test('says so when the password is wrong, or has to be changed', async () => {
    const newcomer = { username: 'newcomer', password: givenPassword }
    for (const [who, why] of [[{ ...developer, password: 'wrong' }, words.wrongPassword], [newcomer, words.mustChange]] as const) {
      const attempt = await logIn(who)
      if (believes) done(attempt)
      refused(believes ? await client.pull(at('team/shared:1.0.0')) : attempt, why)
      await client.logout(registry().host)
    }
  })

  test('pushes and pulls with a password; where its owner may not push, it says why', async () => {
    await as(developer, async () => {
      for (const tag of ['1.0.0', '9.0.0']) done(await client.push(own(tag), 'first'))
      done(await client.pull(own('1.0.0')))
      done(await client.push(own('1.0.0'), 'second'))
      refused(await client.push(own('9.0.0'), 'second'), words.tagRule)
      for (const project of ['other', 'nowhere']) {
        refused(await client.push(own('1.0.0', project), 'first'), words.hiddenPush)
        refused(await client.pull(own('1.0.0', project)), words.hiddenPull)
      }
    })
    await as(guest, async () => {
      done(await client.pull(own('1.0.0')))
      refused(await client.push(own('1.1.0'), 'first'), words.guest)
    })
  })

  test('pushes and pulls as a robot, and with a token that may only pull', async () => {
    const permissions = ['content.pull', 'content.push', 'tag.create', 'repository.create']
    await as(await registry().addRobot('team', name, permissions), async () => {
      done(await client.push(own('2.0.0'), 'first'))
      done(await client.pull(own('2.0.0')))
    })
    const token = await registry().addToken(developer, 'narrow', { permissions: ['content.pull'] })
    await as(token, async () => {
      done(await client.pull(own('2.0.0')))
      refused(await client.push(own('2.1.0'), 'first'), words.narrowToken)
      await registry().ask('DELETE', `tokens/${token.id}`, undefined, developer)
      refused(await soon(() => client.pull(own('2.0.0'))), words.revoked)
    })
  })

  test('loses within seconds what is taken away', async () => {
    await as(developer, async () => {
      done(await client.push(own('3.0.0'), 'first'))
      await registry().ask('DELETE', `projects/team/grants/${developer.grant}`)
      refused(await soon(() => client.push(own('3.1.0'), 'second')), words.hiddenPush)
      refused(await client.pull(own('1.0.0')), words.hiddenPull)
    })
  })
}

/** The first time that something fails, which a slow machine may take a while for. */
const soon = (attempt: () => Promise<Finished>) =>
  until('it is refused', async () => {
    const finished = await attempt()
    return finished.code !== 0 && finished
  }, 180_000)

function done({ code, out, err }: Finished): void {
  if (code !== 0) throw new Error(out + err)
}

function refused({ code, out, err }: Finished, words: string): void {
  expect([code === 0, out + err]).toEqual([false, expect.stringContaining(words)])
}
