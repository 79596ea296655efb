import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { levels, type Level } from '../checks/level.ts'
import { loginWays, type Credentials, type LoginWay } from '../oci/login.ts'
import { languageOf, languages, wordsIn, type Language, type Words } from './messages.ts'

export interface Options {
  readonly help: boolean
  readonly url: string
  readonly credentials: Credentials | undefined
  readonly loginWay: LoginWay
  readonly repositories: string
  readonly level: Level
  readonly only: string
  readonly reports: readonly string[]
  readonly language: Language
}

/** Something is wrong with what the user gave; the message is for them. */
export class UsageError extends Error {}

const known = {
  username: { type: 'string' },
  'password-file': { type: 'string' },
  login: { type: 'string' },
  repository: { type: 'string' },
  level: { type: 'string' },
  only: { type: 'string' },
  report: { type: 'string', multiple: true },
  language: { type: 'string' },
  help: { type: 'boolean' },
} as const

type Environment = Readonly<Record<string, string | undefined>>

/** @throws UsageError */
export function readOptions(argv: readonly string[], env: Environment): Options {
  const words = wordsIn(languageOf(env))
  const { values, positionals } = parse(argv, words)
  const language = oneOf(languages, values.language ?? languageOf(env), () =>
    words('error.language', { choices: languages.join(', ') }))
  const say = wordsIn(language)
  const level = oneOf(levels, values.level ?? 'clients', () => say('error.level', { choices: levels.join(', ') }))
  const loginWay = oneOf(loginWays, values.login ?? 'asked', () => say('error.login', { choices: loginWays.join(', ') }))
  const repositories = values.repository ?? 'conformance'
  if (!/^[a-z0-9]+([._/-][a-z0-9]+)*$/.test(repositories)) throw new UsageError(say('error.repository', { value: repositories }))
  const reports = values.report ?? []
  for (const file of reports) if (!/\.(html|md|json)$/.test(file)) throw new UsageError(say('error.report', { file }))
  const rest = { loginWay, repositories, level, only: values.only ?? '', reports, language }
  if (values.help === true) return { help: true, url: '', credentials: undefined, ...rest }
  const url = readUrl(positionals, say)
  return { help: false, url, credentials: readCredentials(url, values.username, values['password-file'], env, say), ...rest }
}

function parse(argv: readonly string[], words: Words) {
  try {
    return parseArgs({ args: [...argv], options: known, allowPositionals: true })
  } catch (error) {
    throw new UsageError(words('error.options', { reason: reasonOf(error) }))
  }
}

function oneOf<T extends string>(choices: readonly T[], value: string, message: () => string): T {
  const chosen = choices.find((choice) => choice === value)
  if (chosen === undefined) throw new UsageError(message())
  return chosen
}

function readUrl(positionals: readonly string[], say: Words): string {
  const [text = '', ...more] = positionals
  const url = URL.parse(text)
  const bare = url !== null && url.pathname === '/' && url.search === '' && url.username === ''
  if (!bare || !/^https?:$/.test(url.protocol) || more.length > 0) throw new UsageError(say('error.url'))
  return url.origin
}

function readCredentials(
  url: string,
  username: string | undefined,
  passwordFile: string | undefined,
  env: Environment,
  say: Words,
): Credentials | undefined {
  if ((username === undefined) !== (passwordFile === undefined)) throw new UsageError(say('error.password'))
  if (username !== undefined && passwordFile !== undefined) {
    return { username, password: readText(passwordFile, say).replace(/\r?\n$/, '') }
  }
  const folder = env['DOCKER_CONFIG']
  return folder === undefined ? undefined : fromDockerConfig(join(folder, 'config.json'), url, say)
}

interface DockerConfig {
  readonly auths?: Readonly<Record<string, { readonly auth?: string }>>
  readonly credsStore?: string
  readonly credHelpers?: Readonly<Record<string, string>>
}

function fromDockerConfig(file: string, url: string, say: Words): Credentials | undefined {
  const { host } = new URL(url)
  let config: DockerConfig
  try {
    config = JSON.parse(readText(file, say)) as DockerConfig
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(say('error.file', { file, reason: reasonOf(error) }))
  }
  const { auth } = config.auths?.[host] ?? config.auths?.[url] ?? {}
  if (auth === undefined) {
    if (config.credsStore === undefined && config.credHelpers?.[host] === undefined) return undefined
    throw new UsageError(say('error.helper', { file }))
  }
  const [username = '', ...password] = Buffer.from(auth, 'base64').toString().split(':')
  return { username, password: password.join(':') }
}

function readText(file: string, say: Words): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new UsageError(say('error.file', { file, reason: reasonOf(error) }))
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
