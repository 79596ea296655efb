import { join } from 'node:path'
import { type Command, Option } from 'commander'
import { type Environment, loadConfig } from '../config/index.ts'
import { garbageCollect, type GarbageCollectDeps, type GarbageCollectOptions } from './local/garbage-collect.ts'
import type { RemoteCommandDeps } from './remote/add-remote-commands.ts'
import { openLogins } from './remote/logins.ts'
import { runVerb } from './remote/run-verb.ts'
import { collectionVerb } from './remote/verbs/collection.ts'
import type { Typed } from './remote/verb.ts'
import { describeProblems, describeWarnings } from './problems.ts'

export interface GarbageCollectCommandDeps extends GarbageCollectDeps, RemoteCommandDeps {
  readonly environment: Environment
}

type Given = Readonly<Record<string, string | true | undefined>>

/** `berth garbage-collect [CONFIG]`: distribution's command with its flags. */
export function addGarbageCollect(program: Command, deps: GarbageCollectCommandDeps, finish: (code: number) => void): void {
  const { say } = deps
  program
    .command('garbage-collect')
    .description(say('help.garbage-collect'))
    .argument('[CONFIG]', say('help.config-file'))
    .addOption(new Option('--config <FILE>', say('help.config-file')))
    .addOption(new Option('--data <DIR>', say('help.garbage-collect.data')))
    .option('-d, --dry-run', say('help.gc.dry-run'))
    .option('-m, --delete-untagged', say('help.gc.delete-untagged'))
    .option('-q, --quiet', say('help.garbage-collect.quiet'))
    .option('--json', say('help.gc.json'))
    .action(async (file: string | undefined, given: Given) => finish(await run(file, given, deps)))
}

async function run(file: string | undefined, given: Given, deps: GarbageCollectCommandDeps): Promise<number> {
  const { say, printError, environment, cwd } = deps
  const flags = new Map(Object.entries({ '--config': file ?? given['config'], '--data': given['data'] }).filter((flag): flag is [string, string] => typeof flag[1] === 'string'))
  const loaded = loadConfig({ flags, environment, cwd })
  if (loaded.warnings.length > 0) printError(describeWarnings(loaded.warnings, say, environment.language))
  if (!loaded.ok) {
    printError(describeProblems(loaded.problems, say, environment.language))
    return 2
  }
  const options = { dryRun: given['dryRun'] === true, deleteUntagged: given['deleteUntagged'] === true, json: given['json'] === true, quiet: given['quiet'] === true }
  return await garbageCollect(loaded.config, options, async (origin) => await askServer(origin, options, deps), deps)
}

async function askServer(origin: string, { dryRun, deleteUntagged, json, quiet }: GarbageCollectOptions, deps: GarbageCollectCommandDeps): Promise<number> {
  const { watched, printError, pause, userFolder } = deps
  const ask = (): never => {
    throw new Error('this asks for nothing')
  }
  const typed: Typed = {
    words: {},
    options: { wait: true, ...(dryRun && { dryRun: true }), ...(deleteUntagged && { deleteUntagged: true }) },
    watching: { isTerminal: watched && !quiet, say: quiet ? () => undefined : printError, pause },
    secret: ask,
    text: ask,
  }
  return await runVerb(collectionVerb, typed, { server: origin, output: json ? 'json' : 'table' }, { ...deps, logins: openLogins(join(userFolder, 'berth')) })
}
