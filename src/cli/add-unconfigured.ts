import type { Command } from 'commander'
import { bench, type BenchDeps, type BenchOptions } from './bench/bench.ts'
import { addGarbageCollect, type GarbageCollectCommandDeps } from './add-garbage-collect.ts'
import { addRemoteCommands, type RemoteCommandDeps } from './remote/add-remote-commands.ts'

export interface UnconfiguredDeps extends BenchDeps, RemoteCommandDeps, GarbageCollectCommandDeps {}

/** Adds the commands that do not take the flags of a server: those that talk to one from outside, and distribution's. */
export function addUnconfigured(program: Command, deps: UnconfiguredDeps, finish: (code: number) => void): void {
  addBench(program, deps, finish)
  addRemoteCommands(program, deps, finish)
  addGarbageCollect(program, deps, finish)
}

/** Its flags are zb's. */
function addBench(program: Command, deps: UnconfiguredDeps, finish: (code: number) => void): void {
  const { say } = deps
  program
    .command('bench')
    .description(say('help.bench'))
    .argument('<URL>', say('help.bench.url'))
    .option('-c, --concurrency <N>', say('help.bench.concurrency'), '1')
    .option('-n, --requests <N>', say('help.bench.requests'), '1')
    .option('-r, --repo <NAME>', say('help.bench.repo'), 'berth-bench')
    .option('-t, --test-regex <REGEX>', say('help.bench.test-regex'))
    .option('-l, --list-tests', say('help.bench.list-tests'))
    .option('-o, --output-format <FORMAT>', say('help.bench.output-format'), 'text')
    .option('--skip-cleanup', say('help.bench.skip-cleanup'))
    .action(async (url: string, options: BenchOptions) => finish(await bench(url, options, deps)))
}
