// npm run soak -- kill [--kills 1000] [--seed 1] [--postgres] [--record FILE]: the long forms of the rigs. README.md says more.
import { parseArgs } from 'node:util'
import { soakKills } from './kill/kill-soak.ts'

const usage = 'usage: npm run soak -- kill [--kills N] [--seed N] [--postgres] [--record FILE]'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kills: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    postgres: { type: 'boolean', default: false },
    record: { type: 'string' },
  },
})
if (positionals.length !== 1 || positionals[0] !== 'kill') fail(usage)
const server = process.env['BERTH_TEST_POSTGRES']
if (values.postgres && server === undefined) fail('--postgres needs BERTH_TEST_POSTGRES, the URL of a PostgreSQL server')

const [kills, seed] = [wholeNumber('--kills', values.kills), wholeNumber('--seed', values.seed)]
try {
  const { sum, misses } = await soakKills({ kills, seed, postgres: values.postgres ? server : undefined, record: values.record })
  console.log(`sum: ${JSON.stringify(sum)}`)
  for (const miss of misses) console.log(`missed: ${miss}`)
  process.exitCode = misses.length > 0 ? 1 : 0
} catch (error) {
  console.error(error)
  process.exitCode = 1
}

function wholeNumber(flag: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  return fail(`${flag} takes a whole number, not ${text}`)
}

function fail(message: string): never {
  console.error(message)
  process.exit(2)
}
