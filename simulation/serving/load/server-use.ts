import { readdirSync, readFileSync } from 'node:fs'
import { parseStat } from '../../../bench/machine/use.ts'

/** What a server process has at one moment. */
export interface Use {
  /** Seconds since the first look. */
  readonly at: number
  /** MiB in memory. */
  readonly rss: number
  readonly descriptors: number
  /** Seconds, all threads, since the process began. */
  readonly cpu: number
}

export interface UseFigures {
  readonly start: Use
  readonly middle: Use
  readonly end: Use
  readonly peakRss: number
  readonly peakDescriptors: number
  /** MiB a minute by which memory grew in the second half, by least squares. */
  readonly rssSlope: number
  /** Of one core, from the first look to the last. */
  readonly cpuPart: number
}

const ticksPerSecond = Number(Bun.spawnSync(['getconf', 'CLK_TCK']).stdout.toString())
const interval = 500

/** Looks at a process twice a second until it is told to end. */
export class UseWatch {
  readonly #pid: number
  readonly #began = performance.now()
  readonly #looks: Use[] = []
  readonly #timer: Timer

  constructor(pid: number) {
    this.#pid = pid
    this.#looks.push(this.now())
    this.#timer = setInterval(() => this.#looks.push(this.now()), interval)
  }

  now(): Use {
    const rss = Number(/^VmRSS:\s*(\d+) kB/m.exec(readFileSync(`/proc/${this.#pid}/status`, 'latin1'))?.[1]) / 1024
    const { ticks } = parseStat(readFileSync(`/proc/${this.#pid}/stat`, 'latin1'))
    const descriptors = readdirSync(`/proc/${this.#pid}/fd`).length
    return { at: (performance.now() - this.#began) / 1000, rss: Math.round(rss), descriptors, cpu: ticks / ticksPerSecond }
  }

  end(): UseFigures {
    clearInterval(this.#timer)
    const end = this.now()
    const looks = [...this.#looks, end]
    const [start = end, middle = end] = [looks[0], looks[looks.length >> 1]]
    return {
      start,
      middle,
      end,
      peakRss: Math.max(...looks.map(({ rss }) => rss)),
      peakDescriptors: Math.max(...looks.map(({ descriptors }) => descriptors)),
      rssSlope: Math.round(slope(looks.slice(looks.length >> 1)) * 600) / 10,
      cpuPart: Math.round(((end.cpu - start.cpu) / (end.at - start.at)) * 100) / 100,
    }
  }

  /** For a rig that fails: nothing goes on. */
  dispose(): void {
    clearInterval(this.#timer)
  }
}

/** MiB a second. */
function slope(looks: readonly Use[]): number {
  const mean = (of: (use: Use) => number): number => looks.reduce((sum, use) => sum + of(use), 0) / looks.length
  const [at, rss] = [mean((use) => use.at), mean((use) => use.rss)]
  const spread = looks.reduce((sum, use) => sum + (use.at - at) ** 2, 0)
  return spread === 0 ? 0 : looks.reduce((sum, use) => sum + (use.at - at) * (use.rss - rss), 0) / spread
}
