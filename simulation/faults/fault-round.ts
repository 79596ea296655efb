import { createCoreFactory } from '../model/core.ts'
import { recordedRounds } from '../rig/recorded-rounds.ts'
import { createRandom } from '../rig/random.ts'
import { runWithFault, type Fault, type Plant } from './fault-loop.ts'
import { faultKinds, type FaultKind, type Struck } from './injector.ts'
import { scenarios } from './scenarios.ts'

/** What was let fail. */
export interface FaultFigures {
  readonly scenarios: number
  readonly faults: number
  readonly kinds: Readonly<Partial<Record<FaultKind, number>>>
  /** How often each call failed, such as `storage rename`. */
  readonly calls: Readonly<Record<string, number>>
}

/** No scenario makes so many calls: one that does would never end. */
const mostCalls = 100

/**
 * Lets each call of each scenario fail once, until the scenario comes to its end before the fault. The seed turns the kinds of
 * faults on: any five seeds in a row let each call fail in each way. From the sixth on, a second fault meets the second attempt.
 */
export async function faultRound(seed: number, plant?: Plant): Promise<FaultFigures> {
  const factory = await createCoreFactory()
  const struck: Struck[] = []
  try {
    for (const [number, scenario] of scenarios.entries()) {
      for (let at = 1; ; at++) {
        if (at > mostCalls) throw new Error(`"${scenario.name}" makes more than ${mostCalls} calls`)
        const fault: Fault = { at, kind: kindOf(seed + number + at) }
        const run = await runWithFault(factory, scenario, { fault, second: secondOf(seed, number, at), plant })
        if (run.struck === undefined) break
        struck.push(run.struck, ...(run.struckAgain === undefined ? [] : [run.struckAgain]))
      }
    }
  } finally {
    factory.dispose()
  }
  return { scenarios: scenarios.length, faults: struck.length, kinds: countBy(struck, ({ kind }) => kind), calls: countBy(struck, nameOf) }
}

const kindOf = (n: number): FaultKind => faultKinds[n % faultKinds.length] as FaultKind
const nameOf = ({ on, call }: Struck): string => `${on} ${call}`

function secondOf(seed: number, scenario: number, at: number): Fault | undefined {
  if (seed <= faultKinds.length) return undefined
  const random = createRandom('second fault', seed, scenario, at)
  return { at: random.between(1, at), kind: random.pick(faultKinds) }
}

function countBy<Name extends string>(struck: readonly Struck[], name: (one: Struck) => Name): Record<Name, number> {
  const counts = {} as Record<Name, number>
  for (const one of struck) counts[name(one)] = (counts[name(one)] ?? 0) + 1
  return counts
}

interface Round extends FaultFigures {
  readonly rig: 'faults'
  readonly seed: number
}

/** The long form: rounds of consecutive seeds until so many faults struck. Fails with the first thing that is wrong. */
export async function soakFaults(options: { readonly faults: number; readonly seed: number; readonly record: string | undefined }) {
  const rounds = recordedRounds<Round>(options.record, 'faults')
  const sum = (): number => rounds.all().reduce((total, { faults }) => total + faults, 0)
  for (let seed = options.seed; sum() < options.faults; seed++) {
    if (!rounds.has((round) => round.seed === seed)) rounds.add({ rig: 'faults', seed, ...(await faultRound(seed)) })
  }
  const calls = [...new Set(rounds.all().flatMap((round) => Object.keys(round.calls)))].sort()
  return { sum: { rounds: rounds.all().length, faults: sum(), calls }, misses: [] }
}
