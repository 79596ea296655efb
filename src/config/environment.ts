import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { nearest } from '../lib/index.ts'
import { variablePrefix } from './distribution/index.ts'
import { fileSuffix, indexKeys } from './keys.ts'
import { createLayer, type Layer } from './setting.ts'

/** The languages Berth speaks to people. */
export type Language = 'en' | 'zh-CN'

/** What Berth takes from its environment. */
export interface Environment {
  /** Every variable that begins with `BERTH_` or `REGISTRY_`. */
  readonly variables: ReadonlyMap<string, string>
  readonly language: Language
}

/** The one reader of the environment. */
export function readEnvironment(env: Readonly<Record<string, string | undefined>> = process.env): Environment {
  const variables = new Map<string, string>()
  for (const [name, value] of Object.entries(env)) {
    if ((name.startsWith('BERTH_') || name.startsWith(variablePrefix)) && value !== undefined) variables.set(name, value)
  }
  // As setlocale(3): the first that is set and not empty decides, whatever it says.
  const locale = env.LC_ALL || env.LC_MESSAGES || env.LANG || ''
  return { variables, language: /^zh(?![a-z])/i.test(locale) ? 'zh-CN' : 'en' }
}

/** Where programs keep what belongs to whoever runs them, as the XDG Base Directory Specification has it. Relative ones don't count. */
export function userFolder(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const { XDG_CONFIG_HOME: named = '' } = env
  return isAbsolute(named) ? named : join(env.HOME || homedir(), '.config')
}

/** The file of certificates to trust that OpenSSL, Go and curl are told of. */
export function trustedCertificates(env: Readonly<Record<string, string | undefined>> = process.env): string | undefined {
  return env.SSL_CERT_FILE || undefined
}

/** The variable that names the configuration file, unless `--config` does. */
export const configVariable = 'BERTH_CONFIG'
/** Distribution's variable for the same. */
export const distributionConfigVariable = `${variablePrefix}CONFIGURATION_PATH`

/** The variables that distribution would read. */
export function distributionVariables({ variables }: Environment): ReadonlyMap<string, string> {
  const isOne = ([name, text]: [string, string]) =>
    name.startsWith(variablePrefix) && name !== distributionConfigVariable && !isOfKubernetes(name, text)
  return new Map([...variables].filter(isOne))
}

/** Reads the settings among the variables; one that names no key is a mistake. */
export function environmentLayer(environment: Environment): Layer {
  const layer = createLayer()
  for (const [name, text] of environment.variables) {
    if (!name.startsWith('BERTH_')) continue
    const source = { kind: 'environment', name } as const
    const match = known.get(name)
    if (match !== undefined) layer.add({ ...match, text, source })
    else if (!isForeign(name, text)) {
      layer.report({ source, code: 'unknown-variable', values: { nearest: nearest(name, candidates) ?? '' } })
    }
  }
  return layer
}

const known = indexKeys((key) => key.variable, fileSuffix.toUpperCase())
const candidates = [...known.keys(), configVariable]

/** Variables with our prefix that are not settings: the configuration file's name, those of tests, and those of Kubernetes. */
function isForeign(name: string, text: string): boolean {
  return name === configVariable || name.startsWith('BERTH_TEST_') || isOfKubernetes(name, text)
}

/**
 * What Kubernetes puts into every pod beside a Service called `berth`, `registry` or `berth-...`: BERTH_PORT=tcp://10.0.0.7:5000,
 * BERTH_SERVICE_HOST and their like.
 */
function isOfKubernetes(name: string, text: string): boolean {
  if (/_SERVICE_(?:HOST|PORT(?:_[A-Z0-9_]+)?)$/.test(name)) return true
  if (/_PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?$/.test(name)) return true
  return name.endsWith('_PORT') && /^(?:tcp|udp|sctp):\/\//.test(text)
}
