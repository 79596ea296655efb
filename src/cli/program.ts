import { Command, CommanderError, Option } from 'commander'
import { type Environment, type Key, keys, type LoadedConfig, loadConfig } from '../config/index.ts'
import { checkConfig, printConfig } from './local/config.ts'
import { fsck, type FsckDeps } from './local/fsck.ts'
import { serve, type ServeDeps } from './local/serve.ts'
import { createSay, type MessageKey, type Say } from './messages.ts'
import { describeProblems } from './problems.ts'
import { describeUsage } from './usage.ts'

/** What the command line needs from the process it runs in. */
export interface ProgramDeps extends Omit<ServeDeps, 'say'>, Pick<FsckDeps, 'watched' | 'checkIntegrity'> {
  readonly environment: Environment
  /** The working directory. */
  readonly cwd: string
}

/** The command line: `run` takes the arguments after the program's name and answers the exit code. */
export interface Program {
  run(argv: readonly string[]): Promise<number>
}

/** A command: `on` tells whether one of its own switches was given. */
type Act = (loaded: ValidConfig, on: (name: string) => boolean) => Promise<number>

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

  const add = (parent: Command, name: string, help: MessageKey, act: Act, switches: readonly string[] = []) => {
    const command = parent.command(name).description(say(help))
    for (const name of switches) command.option(`--${name}`, say(`help.fsck.${name}` as MessageKey))
    for (const option of configOptions(deps.environment.language, say)) command.addOption(option)
    command.action(async (options: Record<string, string | true>) => {
      const given = Object.entries(options)
      const flags = new Map(given.filter(([name]) => !switches.includes(name)).map(([name, value]) => [`--${name}`, String(value)]))
      const loaded = loadConfig({ flags, environment: deps.environment, cwd: deps.cwd })
      if (!loaded.ok) deps.printError(describeProblems(loaded.problems, say))
      finish(loaded.ok ? await act(loaded, (name) => options[name] === true) : usageError)
    })
  }
  const print = (text: string) => {
    deps.print(text)
    return Promise.resolve(done)
  }
  add(program, 'serve', 'help.serve', (loaded) => serve(loaded.config, { ...deps, say }))
  const { language } = deps.environment
  const check: Act = ({ config }, on) =>
    fsck(config, { deep: on('deep'), repair: on('repair'), json: on('json') }, { ...deps, say, language })
  add(program, 'fsck', 'help.fsck', check, ['deep', 'repair', 'json'])
  const config = program.command('config').description(say('help.config')).helpCommand(false)
  add(config, 'check', 'help.config.check', ({ settings }) => print(checkConfig(settings, say)))
  add(config, 'print', 'help.config.print', ({ settings }) => print(printConfig(settings, say)))
  return program
}

/** The flags of every command that reads the configuration: what they mean stands in the schema. */
function configOptions(language: Environment['language'], say: Say): Option[] {
  const own = keys.filter(({ flag }) => flag !== undefined)
  const options = own.map((key) => new Option(`${key.flag}${operand(key)}`, describeKey(key, language, say)))
  return [new Option('--config <FILE>', say('help.config-file')), ...options]
}

function operand({ form }: Key): string {
  if (form.kind === 'choice') return ''
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
