import type { Metric, Sample } from '../observe/index.ts'
import type { MetricValues } from './messages.ts'

/**
 * Metrics of this thread and of others as one: values of the same name and labels are added up, for each of them counts what its
 * own thread did. `ask` is called once for all metrics that are looked at together.
 */
export async function summed(own: readonly Metric[], ask: () => Promise<readonly MetricValues[]>): Promise<readonly Metric[]> {
  let asked: Promise<readonly MetricValues[]> | undefined
  const shared = (): Promise<readonly MetricValues[]> =>
    (asked ??= ask().finally(() => {
      asked = undefined
    }))
  const byName = new Map<string, Pick<Metric, 'name' | 'help' | 'type'>>()
  for (const metric of [...own, ...(await shared())]) if (!byName.has(metric.name)) byName.set(metric.name, metric)
  return [...byName.values()].map(({ name, help, type }) => ({
    name,
    help,
    type,
    samples: async () => {
      const theirs = (await shared()).filter((values) => values.name === name).map(({ samples }) => samples)
      const ours = own.filter((metric) => metric.name === name).map(async (metric) => await metric.samples())
      return addUp([...(await Promise.all(ours)), ...theirs])
    },
  }))
}

/** The samples of a histogram stay together and in their order: each source has all of a series. */
function addUp(sources: readonly Iterable<Sample>[]): Sample[] {
  const sums = new Map<string, Sample>()
  for (const samples of sources) {
    for (const sample of samples) {
      const key = JSON.stringify([sample.suffix, sample.labels])
      const known = sums.get(key)
      sums.set(key, known === undefined ? sample : { ...known, value: known.value + sample.value })
    }
  }
  return [...sums.values()]
}
