import { resolve } from 'node:path'
import type { z } from 'zod'
import { excerpt } from '../lib/index.ts'
import { distributionLayer, isDistributionFile } from './distribution/index.ts'
import { configVariable, distributionConfigVariable, distributionVariables, type Environment, environmentLayer } from './environment.ts'
import { fileLayer } from './file-layer.ts'
import { type Key, keys } from './keys.ts'
import type { Problem, ProblemCode, Source } from './problem.ts'
import { readText } from './read-text.ts'
import { type Config, configSchema } from './schema.ts'
import { createLayer, type Layer } from './setting.ts'
import { parseYaml, type YamlText } from './yaml-text.ts'

/** What the configuration is read from. */
export interface ConfigSources {
  /** Text by the name of the flag (`--listen`); `--config` names the file. */
  readonly flags: ReadonlyMap<string, string>
  readonly environment: Environment
  /** The working directory: where relative paths start, and where `berth.yaml` is looked for. */
  readonly cwd: string
}

/** One key with the text in effect: absent when nothing gives one. `file` says that it names the file that holds the value. */
export interface EffectiveSetting {
  readonly key: Key
  readonly text: string | undefined
  readonly source: Source
  readonly file: boolean
}

/** The configuration, or everything that is wrong with it; and what has no effect. */
export type LoadedConfig = { readonly warnings: readonly Problem[] } & (
  | { readonly ok: true; readonly config: Config; readonly settings: readonly EffectiveSetting[] }
  | { readonly ok: false; readonly problems: readonly Problem[] }
)

/** Every key with a long comment takes less than 8 KiB. What parsing costs grows with the square of a hostile file's length. */
const largestFile = 64 * 1024

/** The file that is read when neither `--config` nor BERTH_CONFIG names one. It may be missing. */
const usualFile = 'berth.yaml'

/**
 * Reads the configuration: a flag goes before a variable of Berth's, that before one of distribution's, that before the file, the
 * file before the default. The file may be distribution's.
 */
export function loadConfig(sources: ConfigSources): LoadedConfig {
  const { own, distributions } = configFile(sources)
  const distribution = distributionLayer(distributions, distributionVariables(sources.environment))
  const layers = [flagLayer(sources.flags), environmentLayer(sources.environment), distribution, own]
  const { warnings } = distribution
  const problems = layers.flatMap((layer) => layer.problems)
  const settings = keys.map((key) => effective(key, layers))

  const result = configSchema.safeParse(arrange(settings, (setting) => valueOf(setting, sources.cwd, problems)))
  for (const issue of result.error?.issues ?? []) problems.push(problemOf(issue, settings))
  if (problems.length > 0 || !result.success) return { ok: false, problems, warnings }
  return { ok: true, config: freeze(withWholePaths(result.data, sources.cwd)), settings, warnings }
}

/** Relative paths start at the working directory. */
function withWholePaths(config: Config, cwd: string): Config {
  const whole = (path: string | undefined) => (path === undefined ? undefined : resolve(cwd, path))
  const tls = { ...config.tls, certificate: whole(config.tls.certificate), key: whole(config.tls.key) }
  const { root_certificates: roots, jwks, ...token } = config.token
  return { ...config, data: resolve(cwd, config.data), tls, token: { ...token, root_certificates: whole(roots), jwks: whole(jwks) } }
}

/** The command line has refused unknown flags already. */
function flagLayer(flags: ConfigSources['flags']): Layer {
  const layer = createLayer()
  for (const key of keys) {
    const name = key.flag ?? ''
    const text = flags.get(name)
    if (text !== undefined) layer.add({ key, text, source: { kind: 'flag', name }, file: false })
  }
  return layer
}

/** The layer of a `berth.yaml`, empty when the file is distribution's, or there is none. */
function configFile({ flags, environment, cwd }: ConfigSources): { readonly own: Layer; readonly distributions: YamlText | undefined } {
  const named = namedFile(flags, environment)
  const name = named?.file ?? usualFile
  let text
  try {
    text = readText(resolve(cwd, name), largestFile)
  } catch (error) {
    const own = createLayer()
    if (named !== undefined || (error as NodeJS.ErrnoException).code !== 'ENOENT') {
      const source: Source = named?.source ?? { kind: 'file', path: usualFile, line: 1 }
      own.report(unreadable(source, 'file-unreadable', name, error))
    }
    return { own, distributions: undefined }
  }
  const yaml = parseYaml(text, (line) => ({ kind: 'file', path: name, line }))
  if (isDistributionFile(yaml)) return { own: createLayer(), distributions: yaml }
  return { own: fileLayer(name, yaml), distributions: undefined }
}

/** Who named the configuration file. */
function namedFile(flags: ConfigSources['flags'], { variables }: Environment): { readonly file: string; readonly source: Source } | undefined {
  const flag = flags.get('--config')
  if (flag !== undefined) return { file: flag, source: { kind: 'flag', name: '--config' } }
  for (const name of [configVariable, distributionConfigVariable]) {
    const file = variables.get(name)
    if (file !== undefined) return { file, source: { kind: 'environment', name } }
  }
  return undefined
}

function effective(key: Key, layers: readonly Layer[]): EffectiveSetting {
  for (const layer of layers) {
    const setting = layer.settings.get(key.path)
    if (setting !== undefined) return setting
  }
  return { key, text: key.preset, source: { kind: 'default' }, file: false }
}

/** The value itself, also when the setting names the file that holds it. */
function valueOf(setting: EffectiveSetting, cwd: string, problems: Problem[]): string | undefined {
  if (!setting.file || setting.text === undefined) return setting.text
  try {
    return readText(resolve(cwd, setting.text), largestFile).trimEnd()
  } catch (error) {
    problems.push(unreadable(setting.source, 'secret-unreadable', setting.text, error))
    return undefined
  }
}

function unreadable(source: Source, code: ProblemCode, file: string, error: unknown): Problem {
  return { source, code, values: { file: excerpt(file, 200), reason: error instanceof Error ? error.message : String(error) } }
}

/** Puts the texts into the shape of the schema: `gc.lease` becomes `{ gc: { lease } }`. */
function arrange(settings: readonly EffectiveSetting[], textOf: (setting: EffectiveSetting) => string | undefined): unknown {
  const root: Record<string, unknown> = {}
  for (const setting of settings) {
    const [outer = '', inner] = setting.key.names
    const text = textOf(setting)
    if (inner === undefined) root[outer] = text
    else root[outer] = { ...(root[outer] as object | undefined), [inner]: text }
  }
  return root
}

function problemOf(issue: z.core.$ZodIssue, settings: readonly EffectiveSetting[]): Problem {
  const path = issue.path.join('.')
  const setting = settings.find(({ key }) => key.path === path)
  if (setting === undefined || issue.code !== 'custom') throw new Error(`no code for "${path}": ${issue.message}`)
  const value = setting.key.docs.secret ? '***' : excerpt(setting.text ?? '')
  const values = { ...(issue.params as Record<string, string>), key: path, value }
  return { source: setting.source, code: issue.message as ProblemCode, values }
}

function freeze<T extends object>(value: T): Readonly<T> {
  for (const inner of Object.values(value)) {
    if (typeof inner === 'object' && inner !== null) freeze(inner)
  }
  return Object.freeze(value)
}
