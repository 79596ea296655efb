import { resolve } from 'node:path'
import { Command, CommanderError, Option } from 'commander'
import { type Environment, type Key, keys, type LoadedConfig, loadConfig } from '../config/index.ts'
import { addUnconfigured, type UnconfiguredDeps } from './add-unconfigured.ts'
import { copy, type CopyDeps, type Verb } from './local/copy.ts'
import { checkConfig, printConfig } from './local/config.ts'
import { fsck, type FsckDeps } from './local/fsck.ts'
import { rebuildIndex, type RebuildIndexDeps } from './local/rebuild-index.ts'
import { serve, type ServeDeps } from './local/serve.ts'
import { createSay, type MessageKey, type Say } from './messages.ts'
import { describeProblems, describeWarnings } from './problems.ts'
import { describeUsage } from './usage.ts'

/** What the command line needs from the process it runs in. */
export interface ProgramDeps
  extends Omit<ServeDeps, 'say'>,
    Pick<FsckDeps, 'watched' | 'checkIntegrity'>,
    Pick<CopyDeps, 'backUp' | 'restore'>,
    Pick<RebuildIndexDeps, 'rebuildIndex'>,
    Pick<UnconfiguredDeps, 'input' | 'send' | 'userFolder' | 'pause' | 'caFile' | 'collectGarbage'> {
  readonly environment: Environment
  /** The working directory. */
  readonly cwd: string
}

/** The command line: `run` takes the arguments after the program's name and answers the exit code. */
export interface Program {
  run(argv: readonly string[]): Promise<number>
}

/** The options of a command line by their names. */
type Given = Readonly<Record<string, string | true>>

type Act = (loaded: ValidConfig, given: Given) => Promise<number>

type ValidConfig = LoadedConfig & { readonly ok: true }

/** Exit codes: done; failed; the command line or the configuration is wrong. */
const [done, usageError] = [0, 2]

/** Builds the command line in the language of the environment. */
export function createProgram(deps: ProgramDeps): Program {
  const say = createSay(deps.environment.language)
  return Object.freeze({
    async run(argv: readonly string[]): Promise<number> {
      let code = done
      const program = describeProgram(deps, say, (result) => {
        code = result
      })
      try {
        await program.parseAsync(argv, { from: 'user' })
        return code
      } catch (error) {
        if (!(error instanceof CommanderError)) throw error
        if (error.exitCode === 0) return done
        // `berth` and `berth config` alone print their help and nothing else.
        if (error.code !== 'commander.help') deps.printError(describeUsage(error, say))
        return usageError
      }
    },
  })
}

function describeProgram(deps: ProgramDeps, say: Say, finish: (code: number) => void): Command {
  const program = new Command('berth')
    .description(say('help.program'))
    .version(deps.version, '-V, --version', say('help.version'))
    .helpOption('-h, --help', say('help.help'))
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ writeOut: deps.print, writeErr: deps.printError, outputError: () => undefined })
    .configureHelp({ styleTitle: (title) => titles(say).get(title) ?? title })

  const add: Add = (parent, name, help, act, own = []) => {
    const command = parent.command(name).description(say(help))
    for (const option of [...own, ...configOptions(deps.environment.language, say)]) command.addOption(option)
    const isOwn = (name: string) => own.some((option) => option.name() === name)
    command.action(async (options: Given) => {
      const given = Object.entries(options)
      const flags = new Map(given.filter(([name]) => !isOwn(name)).map(([name, value]) => [`--${name}`, String(value)]))
      const loaded = loadConfig({ flags, environment: deps.environment, cwd: deps.cwd })
      const { language } = deps.environment
      if (loaded.warnings.length > 0) deps.printError(describeWarnings(loaded.warnings, say, language))
      if (!loaded.ok) deps.printError(describeProblems(loaded.problems, say, language))
      finish(loaded.ok ? await act(loaded, options) : usageError)
    })
  }
  addCommands(program, add, deps, say)
  addUnconfigured(program, { ...deps, say }, finish)
  return program
}

type Add = (parent: Command, name: string, help: MessageKey, act: Act, own?: readonly Option[]) => void

function addCommands(program: Command, add: Add, deps: ProgramDeps, say: Say): void {
  const print = (text: string) => {
    deps.print(text)
    return Promise.resolve(done)
  }
  add(program, 'serve', 'help.serve', (loaded) => serve(loaded.config, { ...deps, say }))
  const { language } = deps.environment
  const check: Act = ({ config }, { deep, repair, json }) =>
    fsck(config, { deep: deep === true, repair: repair === true, json: json === true }, { ...deps, say, language })
  const switchOf = (name: string, help: MessageKey) => new Option(`--${name}`, say(help))
  const ofCheck = (['deep', 'repair', 'json'] as const).map((name) => switchOf(name, `help.fsck.${name}`))
  add(program, 'fsck', 'help.fsck', check, ofCheck)
  const rebuild: Act = ({ config }, { older }) => rebuildIndex(config, { untilDamage: older === true }, { ...deps, say })
  add(program, 'rebuild-index', 'help.rebuild-index', rebuild, [switchOf('older', 'help.rebuild-index.older')])
  const copying = (verb: Verb, flag: 'to' | 'from') => {
    const act: Act = ({ config }, given) =>
      copy(verb, { config, folder: resolve(deps.cwd, String(given[flag])), json: given['json'] === true }, { ...deps, say })
    const folder = new Option(`--${flag} <DIR>`, say(`help.${verb}.${flag}` as MessageKey)).makeOptionMandatory()
    add(program, verb, `help.${verb}`, act, [folder, switchOf('json', 'help.copy.json')])
  }
  copying('backup', 'to')
  copying('restore', 'from')
  const config = program.command('config').description(say('help.config')).helpCommand(false)
  add(config, 'check', 'help.config.check', ({ settings }) => print(checkConfig(settings, say)))
  add(config, 'print', 'help.config.print', ({ settings }) => print(printConfig(settings, say)))
}

/** The flags of every command that reads the configuration: what they mean stands in the schema. */
function configOptions(language: Environment['language'], say: Say): Option[] {
  const own = keys.filter(({ flag }) => flag !== undefined)
  const options = own.map((key) => new Option(`${key.flag}${operand(key)}`, describeKey(key, language, say)))
  return [new Option('--config <FILE>', say('help.config-file')), ...options]
}

function operand({ form }: Key): string {
  // A toggle is switched on by its name alone.
  if (form.kind === 'choice') return form.words.includes('true') ? '' : ` <${form.words.join('|')}>`
  if (form.kind === 'count') return ' <N>'
  return form.kind === 'address' ? ' <HOST:PORT>' : ' <DIR>'
}

function describeKey({ docs, preset = '' }: Key, language: Environment['language'], say: Say): string {
  const text = language === 'en' ? docs.en : docs.zh
  return `${text.replaceAll('`', '')}${say('help.default', { value: preset })}`
}

function titles(say: Say): ReadonlyMap<string, string> {
  return new Map([
    ['Usage:', say('help.usage')],
    ['Options:', say('help.options')],
    ['Commands:', say('help.commands')],
  ])
}
