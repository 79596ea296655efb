/** Counts how long things took, in buckets each 4 % wider than the one before: millions of them take no room. */
export class Latencies {
  readonly #counts = new Map<number, number>()
  #count = 0
  #worst = 0

  add(ms: number): void {
    const bucket = Math.ceil(Math.log(Math.max(ms, 0.01)) / step)
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + 1)
    this.#count++
    this.#worst = Math.max(this.#worst, ms)
  }

  get count(): number {
    return this.#count
  }

  /** The upper end of the bucket that so much of all lies below. */
  at(part: number): number {
    let left = Math.ceil(this.#count * part)
    for (const bucket of [...this.#counts.keys()].sort((a, b) => a - b)) {
      left -= this.#counts.get(bucket) ?? 0
      if (left <= 0) return round(Math.min(Math.exp(bucket * step), this.#worst))
    }
    return 0
  }

  figures(): LatencyFigures {
    return { count: this.#count, p50: this.at(0.5), p99: this.at(0.99), worst: round(this.#worst) }
  }
}

/** Milliseconds. */
export interface LatencyFigures {
  readonly count: number
  readonly p50: number
  readonly p99: number
  readonly worst: number
}

const step = Math.log(1.04)

function round(ms: number): number {
  return Math.round(ms * 100) / 100
}
