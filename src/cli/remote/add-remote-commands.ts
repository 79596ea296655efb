import { join } from 'node:path'
import { type Command, Option } from 'commander'
import type { MessageKey } from '../messages.ts'
import { exitCodes, UsageFault } from './failure.ts'
import { changePassword, login, type LoginOptions, logout } from './login.ts'
import { LoginsUnusable, openLogins } from './logins.ts'
import { type Destination, type RemoteDeps, runVerb } from './run-verb.ts'
import { readNamed } from './read-named.ts'
import { readSecret } from './read-secret.ts'
import type { Typed, Verb } from './verb.ts'
import { verbs } from './verbs.ts'

type Options = Readonly<Record<string, string | readonly string[] | true | undefined>>

export interface RemoteCommandDeps extends Omit<RemoteDeps, 'logins'> {
  /** Where programs keep what belongs to whoever runs them. */
  readonly userFolder: string
}

/** Adds `berth login`, and every `berth NOUN VERB` that talks to a server. They read no configuration. */
export function addRemoteCommands(program: Command, own: RemoteCommandDeps, finish: (code: number) => void): void {
  const deps: RemoteDeps = { ...own, logins: openLogins(join(own.userFolder, 'berth')) }
  addLogin(program, deps, finish)
  const nouns = new Map<string, Command>()
  for (const verb of verbs) {
    const noun = verb.noun === '' ? program : nouns.get(verb.noun) ?? program.command(verb.noun).description(deps.say(`help.${verb.noun}` as MessageKey)).helpCommand(false)
    nouns.set(verb.noun, noun)
    addVerb(noun, verb, deps, finish)
  }
  addVerb(program, whoami, deps, finish)
}

/** Runs a command to its exit code, also where the file of logins is of no use. */
async function codeOf(run: () => Promise<number> | number, { say, printError }: RemoteDeps): Promise<number> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof LoginsUnusable)) throw error
    printError(`berth: ${say('remote.logins-unusable', { reason: error.message })}\n`)
    return exitCodes.failed
  }
}

const whoami: Verb = {
  noun: '',
  verb: 'whoami',
  help: 'help.whoami',
  run: async (client) => await client.call('whoami', {}),
}

function addLogin(program: Command, deps: RemoteDeps, finish: (code: number) => void): void {
  const { say } = deps
  program
    .command('login')
    .description(say('help.login'))
    .argument('<SERVER>', say('help.login.server'))
    .requiredOption('-u, --username <NAME>', say('help.login.username'))
    .option('--password-stdin', say('help.login.password-stdin'))
    .option('--ca-file <FILE>', say('help.login.ca-file'))
    .action(async (server: string, options: LoginOptions) => finish(await codeOf(() => login(server, options, deps), deps)))
  program
    .command('logout')
    .description(say('help.logout'))
    .argument('[SERVER]', say('help.login.server'))
    .action(async (server: string | undefined) => finish(await codeOf(() => logout(server, deps), deps)))
  program
    .command('password')
    .description(say('help.password'))
    .option('--password-stdin', say('help.password.stdin'))
    .option('--server <SERVER>', say('help.server'))
    .action(async (options: { readonly passwordStdin?: boolean; readonly server?: string }) => finish(await codeOf(() => changePassword(options, deps), deps)))
}

function addVerb(parent: Command, verb: Verb, deps: RemoteDeps, finish: (code: number) => void): void {
  const { say } = deps
  const command = parent.command(verb.verb).description(say(verb.help))
  const words = (verb.words ?? []).map((word) => word.replace(/[[\]]/g, ''))
  for (const [at, name] of words.entries()) {
    const isOptional = verb.words?.[at] !== name
    command.argument(isOptional ? `[${name}]` : `<${name}>`, say(`help.word.${name}` as MessageKey))
  }
  for (const { flags, help, choices, mandatory } of verb.options ?? []) {
    const option = new Option(flags, say(help)).makeOptionMandatory(mandatory === true)
    command.addOption(choices === undefined ? option : option.choices([...choices]))
  }
  command.addOption(new Option('-o, --output <FORMAT>', say('help.output')).choices(['table', 'json']).default('table'))
  command.addOption(new Option('--server <SERVER>', say('help.server')))
  command.addOption(new Option('--ca-file <FILE>', say('help.ca-file')))
  if (verb.destroys === true || verb.discards === true) command.addOption(new Option('-y, --yes', say('help.yes')))
  command.action(async (...given: unknown[]) => {
    const options = command.opts<Options & Destination>()
    const typed: Typed = {
      words: Object.fromEntries(words.map((name, at) => [name, given[at] as string | undefined])),
      options,
      secret: () => passwordFor(typed, deps),
      watching: { isTerminal: deps.watched, say: deps.printError, pause: deps.pause },
      text: async (file) => readNamed(file, deps),
    }
    finish(await codeOf(() => runVerb(verb, typed, options, deps), deps))
  })
}

/** The password for the account that is named. */
async function passwordFor({ words, options }: Typed, { say, input }: RemoteDeps): Promise<string> {
  const question = say('password.of', { user: words['NAME'] ?? '' })
  const secret = await readSecret({ question, piped: options['passwordStdin'] === true }, input)
  if (secret === undefined || secret === '') throw new UsageFault('login.no-secret', {})
  return secret
}
