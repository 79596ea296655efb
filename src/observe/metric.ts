/** One metric as Prometheus takes it: all its series are written out together. */
export interface Metric {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  /** The present values. `suffix` is `_bucket`, `_sum` or `_count` for histograms, else empty. */
  samples(): Iterable<Sample> | Promise<Iterable<Sample>>
}

export interface Sample {
  readonly suffix: string
  readonly labels: readonly (readonly [name: string, value: string])[]
  readonly value: number
}

/** A number that only grows. Hot code keeps the object: `add` is one addition. */
export interface CounterSeries {
  add(by?: number): void
}

/** What it sums up is counted in buckets. Hot code keeps the object. */
export interface HistogramSeries {
  observe(value: number): void
}

/** The series of a metric by the values of its labels, made when first asked for. Values must come from a small fixed set. */
export type SeriesOf<S> = (...labels: string[]) => S

export function createCounter(name: string, help: string, ...labelNames: string[]): Metric & { readonly of: SeriesOf<CounterSeries> } {
  const family = createFamily(labelNames, () => new Count())
  function* samples(): Iterable<Sample> {
    for (const { labels, series } of family.all()) yield { suffix: '', labels, value: series.value }
  }
  return Object.freeze({ name, help, type: 'counter' as const, of: family.of, samples })
}

/** @param bounds upper bounds of the buckets, ascending, without infinity */
export function createHistogram(
  name: string,
  help: string,
  bounds: readonly number[],
  ...labelNames: string[]
): Metric & { readonly of: SeriesOf<HistogramSeries> } {
  const family = createFamily(labelNames, () => new Buckets(bounds))
  const ends = [...bounds.map(String), '+Inf']
  function* samples(): Iterable<Sample> {
    for (const { labels, series } of family.all()) {
      let count = 0
      for (const [index, end] of ends.entries()) {
        count += series.counts[index] ?? 0
        yield { suffix: '_bucket', labels: [...labels, ['le', end]], value: count }
      }
      yield { suffix: '_sum', labels, value: series.sum }
      yield { suffix: '_count', labels, value: count }
    }
  }
  return Object.freeze({ name, help, type: 'histogram' as const, of: family.of, samples })
}

/** A number that is looked up when somebody asks. It is left out while `read` gives nothing. */
export function createGauge(name: string, help: string, read: () => number | undefined | Promise<number | undefined>): Metric {
  return Object.freeze({ name, help, type: 'gauge' as const, samples: async () => single(await read()) })
}

/** The same for a number that only grows and is kept elsewhere. */
export function createReadCounter(name: string, help: string, read: () => number): Metric {
  return Object.freeze({ name, help, type: 'counter' as const, samples: () => single(read()) })
}

/** Gauges of one name that differ in one label. */
export function createLabelledGauge(name: string, help: string, label: string, read: () => Iterable<readonly [value: string, number]>): Metric {
  const samples = () => [...read()].map(([text, value]): Sample => ({ suffix: '', labels: [[label, text]], value }))
  return Object.freeze({ name, help, type: 'gauge' as const, samples })
}

function single(value: number | undefined): Sample[] {
  return value === undefined ? [] : [{ suffix: '', labels: [], value }]
}

class Count implements CounterSeries {
  value = 0
  add(by = 1): void {
    this.value += by
  }
}

class Buckets implements HistogramSeries {
  readonly counts: Float64Array
  sum = 0
  readonly #bounds: readonly number[]

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.counts = new Float64Array(bounds.length + 1)
  }

  observe(value: number): void {
    let index = 0
    while (index < this.#bounds.length && value > (this.#bounds[index] ?? Infinity)) index++
    this.counts[index] = (this.counts[index] ?? 0) + 1
    this.sum += value
  }
}

interface Member<S> {
  readonly labels: readonly (readonly [string, string])[]
  readonly series: S
}

function createFamily<S>(names: readonly string[], make: () => S) {
  const members = new Map<string, Member<S>>()
  const of = (...values: string[]): S => {
    const key = values.join('\n')
    const known = members.get(key)
    if (known !== undefined) return known.series
    const member = { labels: names.map((name, index) => [name, values[index] ?? ''] as const), series: make() }
    members.set(key, member)
    return member.series
  }
  return { of, all: () => members.values() }
}
