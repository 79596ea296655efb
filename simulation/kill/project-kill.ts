import { digestBytes } from '../../src/oci/index.ts'
import { poll, within } from '../rig/poll.ts'
import { createRandom, type Random } from '../rig/random.ts'
import { startServer, type ServerProcess } from '../rig/server-process.ts'
import type { TestedDatabase } from '../rig/tested-database.ts'

export interface ProjectKills {
  readonly seed: number
  readonly kills: number
  /** An empty data directory. */
  readonly data: string
  readonly database: TestedDatabase
}

/** What became of the projects that a kill met in the middle of something. */
export interface ProjectFigures {
  kills: number
  /** Changes that were answered before the kill. */
  acknowledged: number
  /** Not answered, and found done or undone after the restart. */
  done: number
  undone: number
  checks: number
}

export const operations = ['delete', 'rename', 'archive'] as const
type Operation = (typeof operations)[number]

const password = 'plum-Canoe 77 riddle'
const manifestType = 'application/vnd.oci.image.manifest.v1+json'
const [repositories, tags] = [6, 60]
/** A deletion of so many tags takes some hundred ms on PostgreSQL; the other two are one transaction. */
const longest: Readonly<Record<Operation, number>> = { delete: 60, rename: 12, archive: 8 }
/** A project that is being deleted when the server ends has to be gone so many ms after it serves again. */
const clearedWithin = 15_000

interface Project {
  readonly name: string
  readonly repositories: readonly string[]
  readonly digest: string
  readonly robot: Headers
  /** A bearer token of the robot for the first repository. */
  readonly token: Headers
  readonly member: Headers
}

const basic = (user: string, secret: string): Headers => new Headers({ authorization: `Basic ${btoa(`${user}:${secret}`)}` })
const admin = basic('admin', password)

/**
 * Deletes, renames and archives projects that hold something, kills the server at any moment of that, and looks at what the next one
 * serves: all of the old state or all of the new one, what was answered for good, and nothing of a project in another one of its name.
 */
export async function killAmongProjects(run: ProjectKills): Promise<ProjectFigures> {
  const rig = new ProjectRig(run)
  try {
    for (let kill = 0; kill < run.kills; kill++) {
      try {
        await rig.killOnce(kill, operations[kill % operations.length] ?? 'delete')
      } catch (error) {
        throw new Error(`seed ${run.seed}, kill ${kill}: ${error instanceof Error ? error.message : String(error)}\n${rig.output()}`, { cause: error })
      }
    }
    return rig.figures
  } finally {
    await rig.end()
  }
}

class ProjectRig {
  readonly figures: ProjectFigures = { kills: 0, acknowledged: 0, done: 0, undone: 0, checks: 0 }
  readonly #run: ProjectKills
  #server: ServerProcess | undefined

  constructor(run: ProjectKills) {
    this.#run = run
  }

  output = (): string => this.#server?.output ?? ''

  async end(): Promise<void> {
    if (this.#server?.running === true) await this.#server.stop()
  }

  async killOnce(kill: number, operation: Operation): Promise<void> {
    const random = createRandom(this.#run.seed, 'project', kill)
    await this.#start()
    const project = await this.#make(`p${kill}`)
    const acknowledged = await this.#killDuring(random, operation, project)
    this.figures.kills++
    if (acknowledged) this.figures.acknowledged++
    await this.#run.database.settled()
    await this.#start()
    const done = await this.#look(operation, project)
    if (acknowledged && !done) throw new Error(`the ${operation} of ${project.name} was answered and did not take place`)
    if (!acknowledged) this.figures[done ? 'done' : 'undone']++
  }

  async #start(): Promise<void> {
    if (this.#server?.running === true) return
    const settings = { ...this.#run.database.settings, BERTH_OPEN: 'false', BERTH_ADMIN_PASSWORD: password }
    this.#server = await startServer({ data: this.#run.data, settings })
  }

  async #send(method: string, path: string, headers: Headers, body?: string | object): Promise<{ readonly status: number; readonly text: string }> {
    const sent = new Headers(headers)
    if (typeof body === 'object') sent.set('content-type', 'application/json')
    const content = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }
    const answer = await fetch(new URL(path, this.#server?.url), { method, headers: sent, ...content })
    return { status: answer.status, text: await answer.text() }
  }

  /** Which has to succeed; asked again where it is told to come again: on PostgreSQL a process learns within a second what another one did. */
  async #must(method: string, path: string, body?: string | object, headers = admin): Promise<Record<string, string>> {
    const { status, text } = await poll(`an answer to ${method} ${path}`, 5_000, async () => {
      const answer = await this.#send(method, path, headers, body)
      return answer.status === 503 ? undefined : answer
    })
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text}`)
    return text.startsWith('{') ? (JSON.parse(text) as Record<string, string>) : {}
  }

  /** Asks, and fails unless the answer has one of these statuses. */
  async #expect(statuses: readonly number[], method: string, path: string, headers = admin, body?: string): Promise<string> {
    const { status, text } = await this.#send(method, path, headers, body)
    this.figures.checks++
    if (!statuses.includes(status)) throw new Error(`${method} ${path}: ${status} instead of ${statuses.join(' or ')}: ${text}`)
    return text
  }

  async #make(name: string): Promise<Project> {
    await this.#must('POST', '/api/v1/projects', { name })
    const [given, chosen] = [`given ${crypto.randomUUID()}`, `chosen ${crypto.randomUUID()}`]
    await this.#must('POST', '/api/v1/accounts', { name: `of-${name}`, password: given })
    await this.#must('PUT', '/api/v1/whoami/password', { current: given, password: chosen }, basic(`of-${name}`, given))
    await this.#must('POST', `/api/v1/projects/${name}/grants`, { subject: { kind: 'account', name: `of-${name}` }, role: 'developer' })
    const rights = [{ project: name, permissions: ['content.pull', 'content.push', 'tag.create'] }]
    const { login = '', secret = '' } = await this.#must('POST', `/api/v1/projects/${name}/robots`, { name: 'ci', rights })
    const paths = Array.from({ length: repositories }, (_, at) => `${name}/app-${at}`)
    const digests = await Promise.all(paths.map((path) => this.#push(path, 'old')))
    const { token = '' } = await this.#must('GET', `/token?scope=repository:${paths[0]}:pull,push&service=`, undefined, basic(login, secret))
    const bearer = new Headers({ authorization: `Bearer ${token}` })
    const project = { name, repositories: paths, digest: digests[0] ?? '', robot: basic(login, secret), token: bearer, member: basic(`of-${name}`, chosen) }
    for (const who of [project.robot, project.token, project.member]) await this.#expect([200], 'GET', `/v2/${paths[0]}/manifests/t0`, who)
    return project
  }

  /** An image under many tags. @returns its digest */
  async #push(path: string, what: string, headers = admin): Promise<string> {
    const digest = digestBytes(new TextEncoder().encode('{}'), 'sha256')
    await this.#must('POST', `/v2/${path}/blobs/uploads/?digest=${digest}`, '{}', headers)
    const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest, size: 2 }
    const manifest = JSON.stringify({ schemaVersion: 2, mediaType: manifestType, config, layers: [], annotations: { what, path } })
    const typed = new Headers(headers)
    typed.set('content-type', manifestType)
    const manifestDigest = digestBytes(new TextEncoder().encode(manifest), 'sha256')
    const named = Array.from({ length: tags }, (_, tag) => `tag=t${tag}`).join('&')
    await this.#must('PUT', `/v2/${path}/manifests/${manifestDigest}?${named}`, manifest, typed)
    return manifestDigest
  }

  /** @returns whether the change was answered before the server ended */
  async #killDuring(random: Random, operation: Operation, { name }: Project): Promise<boolean> {
    const path = `/api/v1/projects/${name}`
    const asks: Readonly<Record<Operation, () => Promise<unknown>>> = {
      delete: () => this.#must('DELETE', `${path}?force=true`),
      rename: () => this.#must('POST', `${path}/rename`, { name: `${name}-new` }),
      archive: () => this.#must('PATCH', path, { state: 'frozen' }),
    }
    let answered = false
    const asked = asks[operation]().then(
      () => void (answered = true),
      () => undefined,
    )
    await Promise.race([asked, Bun.sleep(random.between(0, longest[operation]))])
    const acknowledged = answered
    await this.#server?.kill()
    await within('the end of the request', 30_000, asked)
    return acknowledged || answered
  }

  /** @returns whether the change took place */
  async #look(operation: Operation, project: Project): Promise<boolean> {
    const { status, text } = await this.#send('GET', `/api/v1/projects/${project.name}`, admin)
    if (operation === 'archive') {
      const done = text.includes('"state":"frozen"')
      await this.#expectWhole(project, project.name)
      await this.#expect(done ? [403, 405] : [202], 'POST', `/v2/${project.repositories[0]}/blobs/uploads/`)
      return done
    }
    // One that is being cleared is there for whoever administers it, and holds nothing; a renamed one is found under the old name, and says the new one.
    if (status === 200 && text.includes(`"name":"${project.name}"`) && !text.includes('"state":"deleting"')) {
      await this.#expectWhole(project, project.name)
      await this.#expect([404], 'GET', `/api/v1/projects/${project.name}-new`)
      return false
    }
    if (operation === 'rename') await this.#expectWhole(project, `${project.name}-new`)
    else await this.#expectGone(project)
    return true
  }

  /** All of it is there, under this name and in no list under another. */
  async #expectWhole({ name, repositories: paths, member }: Project, now: string): Promise<void> {
    const catalog = JSON.parse(await this.#expect([200], 'GET', '/v2/_catalog?n=1000')) as { repositories: string[] }
    const present = paths.map((path) => path.replace(`${name}/`, `${now}/`))
    const listed = catalog.repositories.filter((path) => path.startsWith(`${name}/`) || path.startsWith(`${name}-new/`))
    if (listed.join(' ') !== present.join(' ')) throw new Error(`the catalog has ${listed.join(' ')} instead of ${present.join(' ')}`)
    for (const [at, path] of present.entries()) {
      const { tags: found } = JSON.parse(await this.#expect([200], 'GET', `/v2/${path}/tags/list`)) as { tags: string[] }
      if (found.length !== tags) throw new Error(`${path} has ${found.length} tags instead of ${tags}`)
      await this.#expect([200], 'GET', `/v2/${path}/manifests/t${tags - 1}`, member)
      // Under the old name too.
      await this.#expect([200], 'GET', `/v2/${paths[at]}/manifests/t0`, member)
    }
  }

  /** Nothing of it is there, its name is free soon, and nothing that was good for it is good for another one of its name. */
  async #expectGone({ name, repositories: paths, digest, robot, token, member }: Project): Promise<void> {
    for (const path of paths) await this.#expect([404, 403], 'GET', `/v2/${path}/manifests/t0`)
    const catalog = await this.#expect([200], 'GET', '/v2/_catalog?n=1000')
    if (catalog.includes(`"${name}/`)) throw new Error(`the catalog still has ${name}`)
    await poll('its name', clearedWithin, async () => {
      const { status, text } = await this.#send('POST', '/api/v1/projects', admin, { name })
      if (status !== 201 && status !== 409) throw new Error(`${name} cannot be made again: ${status} ${text}`)
      return status === 201 || undefined
    })
    const [first = ''] = paths
    await this.#push(first, 'new')
    await this.#expect([404], 'GET', `/v2/${first}/manifests/${digest}`)
    for (const path of paths.slice(1)) await this.#expect([404], 'GET', `/v2/${path}/tags/list`)
    for (const [what, headers] of Object.entries({ robot, token, member })) {
      for (const method of ['GET', 'PUT', 'DELETE']) await this.#expect([401, 403], method, `/v2/${first}/manifests/t0`, headers, method === 'PUT' ? '{}' : undefined)
      if (what === 'member') await this.#expect([404], 'GET', `/api/v1/projects/${name}`, headers)
    }
    await this.#expect([200], 'GET', `/v2/${first}/manifests/t0`)
  }
}
