import { beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { describeFailure } from '../checks/describe-failure.ts'
import { groups } from '../checks/groups.ts'
import { runCheck } from '../checks/run-check.ts'
import type { Credentials, LoginWay } from '../oci/login.ts'
import { onPrivateRegistry } from './private-registry.ts'

setDefaultTimeout(180_000)

const project = 'conformance'
/** What Berth does only where it is set to. */
const unset = ['data-sets/sparse']
/** Why a check has nothing to look at when there is a login. */
const reasons = ['bytes that go out as they are do not log in', 'the login may be for other repositories']

/** A token names the repositories it is for: it may read none that the mount does not name. */
const unnamed = ['mounts/anonymous-sha256', 'mounts/anonymous-sha512']

/** What takes longest, and for which it makes no difference whether a secret or a token is a fresh one. */
const long = ['blob-push', 'data-sets']

interface Row {
  readonly name: string
  readonly loginWay: LoginWay
  readonly secret: 'password' | 'token'
  /** Groups that the row above it stands for. */
  readonly without: readonly string[]
}

const rows: readonly Row[] = [
  { name: 'Basic, with a password', loginWay: 'basic', secret: 'password', without: [] },
  { name: 'Basic, with a personal token', loginWay: 'basic', secret: 'token', without: long },
  { name: 'Bearer, a token used again', loginWay: 'asked', secret: 'password', without: [] },
  { name: 'Bearer, a token for each request', loginWay: 'anew', secret: 'password', without: long },
]

onPrivateRegistry('checks with access control', (registry) => {
  const credentials: Partial<Record<'password' | 'token', Credentials>> = {}
  beforeAll(async () => {
    await registry().ask('POST', 'projects', { name: project })
    credentials.password = await registry().addUser('checker', { project, role: 'maintainer' })
    credentials.token = await registry().addToken(credentials.password, 'checks')
  })

  describe.each(rows)('$name', ({ loginWay, secret, without }) => {
    const unsupported = loginWay === 'basic' ? unset : [...unset, ...unnamed]
    const chosen = groups.filter(({ id }) => !without.includes(id))
    test.each(chosen.map((group) => [group.id, group] as const))('%s', async (_, group) => {
      const target = { urls: [registry().url], level: 'berth', credentials: credentials[secret], loginWay, repositories: project } as const
      const failures: string[] = []
      for (const check of group.checks) {
        const result = await runCheck(group, check, target)
        if (result.outcome === 'failed') failures.push(describeFailure(result))
        else if (result.outcome === 'not applicable') expect(reasons).toContain(result.reason ?? '')
        else expect([result.check, result.outcome]).toEqual([result.check, unsupported.includes(result.check) ? 'not supported' : 'passed'])
      }
      if (failures.length > 0) throw new Error(failures.join('\n\n'))
    })
  })
})
