// npm run soak -- RIG ...: the long forms of the rigs. README.md says more.
import { parseArgs } from 'node:util'
import { soakBackups } from './backup/backup-soak.ts'
import { soakCollection } from './collection/collection-soak.ts'
import { soakBrokenOff } from './broken-off/broken-off-round.ts'
import { soakFaults } from './faults/fault-round.ts'
import { soakFuzz } from './fuzz/fuzz-soak.ts'
import { loadForms, soakLoad } from './serving/load/load-soak.ts'
import { soakKills } from './kill/kill-soak.ts'
import { drillAll } from './planted/drill.ts'
import { plants } from './planted/plants.ts'
import { soakModel } from './model/model-soak.testing.ts'
import { soakPowerCuts } from './power-cut/power-cut-soak.ts'
import { soakTags } from './tags/tag-rounds.ts'
import { soakWorlds } from './world/world-soak.ts'

const usage = `usage: npm run soak -- kill [--kills N] [--collecting] [--seed N] [--postgres] [--record FILE]
       npm run soak -- power-cut [--cuts N] [--collecting] [--seed N] [--postgres] [--record FILE]
       npm run soak -- model [--runs N] [--seed N] [--record FILE]
       npm run soak -- world [--seeds N] [--seed N] [--record FILE]
       npm run soak -- faults [--faults N] [--seed N] [--record FILE]
       npm run soak -- fuzz [--minutes N] [--seed N] [--record FILE]
       npm run soak -- tags [--operations N] [--seed N] [--postgres] [--record FILE]
       npm run soak -- backup [--rounds N] [--seed N] [--postgres] [--record FILE]
       npm run soak -- collection [--minutes N] [--seed N] [--postgres] [--record FILE]
       npm run soak -- broken-off [--blows N] [--seed N] [--postgres] [--record FILE]
       npm run soak -- load --form ${loadForms.join('|')} [--seconds N] [--clients N] [--mebibytes N] [--seed N] [--record FILE]
       npm run soak -- planted [--only TEXT] [--record FILE]`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kills: { type: 'string', default: '1000' },
    cuts: { type: 'string', default: '300' },
    runs: { type: 'string', default: '50000' },
    seeds: { type: 'string', default: '20000' },
    faults: { type: 'string', default: '5000' },
    minutes: { type: 'string', default: '20' },
    operations: { type: 'string', default: '500000' },
    rounds: { type: 'string', default: '20' },
    blows: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    postgres: { type: 'boolean', default: false },
    collecting: { type: 'boolean', default: false },
    record: { type: 'string' },
    form: { type: 'string', default: 'steady' },
    seconds: { type: 'string', default: '60' },
    clients: { type: 'string', default: '64' },
    mebibytes: { type: 'string', default: '10240' },
    only: { type: 'string', default: '' },
  },
})
const [rig] = positionals
const runs = {
  kill: runKills,
  'power-cut': runPowerCuts,
  model: runModel,
  world: runWorlds,
  faults: runFaults,
  fuzz: runFuzz,
  tags: runTags,
  backup: runBackups,
  collection: runCollection,
  'broken-off': runBrokenOff,
  load: runLoad,
  planted: runPlanted,
}
const run = Object.entries(runs).find(([name]) => name === rig)?.[1]
if (run === undefined || positionals.length !== 1) fail(usage)

try {
  const { sum, misses } = await run(wholeNumber('--seed', values.seed), values.record)
  console.log(`sum: ${JSON.stringify(sum)}`)
  for (const miss of misses) console.log(`missed: ${miss}`)
  process.exitCode = misses.length > 0 ? 1 : 0
} catch (error) {
  console.error(error)
  process.exitCode = 1
}

function database(): 'sqlite' | 'postgres' {
  return values.postgres ? 'postgres' : 'sqlite'
}

/** The server to make databases on; absent for SQLite. */
function postgres(): string | undefined {
  const server = process.env['BERTH_TEST_POSTGRES']
  if (values.postgres && server === undefined) fail('--postgres needs BERTH_TEST_POSTGRES, the URL of a PostgreSQL server')
  return values.postgres ? server : undefined
}

function runKills(seed: number, record: string | undefined) {
  return soakKills({ kills: wholeNumber('--kills', values.kills), seed, database: database(), collecting: values.collecting, record })
}

function runTags(seed: number, record: string | undefined) {
  return soakTags({ operations: wholeNumber('--operations', values.operations), seed, postgres: postgres(), record })
}

function runPowerCuts(seed: number, record: string | undefined) {
  return soakPowerCuts({ cuts: wholeNumber('--cuts', values.cuts), seed, database: database(), collecting: values.collecting, record })
}

function runModel(seed: number, record: string | undefined) {
  return soakModel({ runs: wholeNumber('--runs', values.runs), seed, record })
}

function runWorlds(seed: number, record: string | undefined) {
  return soakWorlds({ seeds: wholeNumber('--seeds', values.seeds), seed, record })
}

function runFaults(seed: number, record: string | undefined) {
  return soakFaults({ faults: wholeNumber('--faults', values.faults), seed, record })
}

function runBackups(seed: number, record: string | undefined) {
  return soakBackups({ rounds: wholeNumber('--rounds', values.rounds), seed, postgres: postgres(), record })
}

function runCollection(seed: number, record: string | undefined) {
  return soakCollection({ minutes: wholeNumber('--minutes', values.minutes), seed, postgres: postgres(), record })
}

function runBrokenOff(seed: number, record: string | undefined) {
  return soakBrokenOff({ blows: wholeNumber('--blows', values.blows), seed, postgres: postgres(), record })
}

function runFuzz(seed: number, record: string | undefined) {
  return soakFuzz({ minutes: wholeNumber('--minutes', values.minutes), seed, record })
}

function runLoad(seed: number, record: string | undefined) {
  const { form } = values
  if (!loadForms.includes(form)) fail(usage)
  const seconds = wholeNumber('--seconds', values.seconds)
  const clients = wholeNumber('--clients', values.clients)
  const mebibytes = wholeNumber('--mebibytes', values.mebibytes)
  if (seconds === 0 || clients === 0 || mebibytes === 0) fail('--seconds, --clients and --mebibytes are 1 at least')
  return soakLoad({ form, seconds, clients, mebibytes, seed, record })
}

function runPlanted(_seed: number, record: string | undefined) {
  const chosen = plants.filter(({ name }) => name.includes(values.only))
  if (chosen.length === 0) fail(`no plant has "${values.only}" in its name`)
  return drillAll({ plants: chosen, record })
}

function wholeNumber(flag: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  return fail(`${flag} takes a whole number, not ${text}`)
}

function fail(message: string): never {
  console.error(message)
  process.exit(2)
}
