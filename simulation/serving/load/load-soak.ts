import { recordedRounds } from '../../rig/recorded-rounds.ts'
import { overload } from './overload.ts'
import { steadyLoad } from './steady.ts'
import { largeUploads } from './uploads.ts'

export interface LoadSoak {
  readonly form: string
  readonly seconds: number
  readonly seed: number
  /** That keep a server busy, before ten times as many come; for `overload`. */
  readonly clients: number
  /** Of each of the two large uploads. */
  readonly mebibytes: number
  readonly record: string | undefined
}

interface LoadRound {
  readonly rig: 'load'
  readonly form: string
  readonly seed: number
  readonly figures: unknown
}

type Misses = readonly (string | false)[]

const forms = { steady, uploads, overload: tenfold }
export const loadForms = Object.keys(forms)

/** Runs one form, and says which of its bars it missed: they are meant for a machine that does nothing else. */
export async function soakLoad(run: LoadSoak): Promise<{ readonly sum: unknown; readonly misses: readonly string[] }> {
  const form = Object.entries(forms).find(([name]) => name === run.form)?.[1]
  if (form === undefined) throw new Error(`--form is one of ${loadForms.join(', ')}`)
  const { figures, misses } = await form(run)
  recordedRounds<LoadRound>(run.record, 'load').add({ rig: 'load', form: run.form, seed: run.seed, figures })
  return { sum: figures, misses: misses.filter((miss) => miss !== false) }
}

async function steady({ seconds, seed }: LoadSoak) {
  const figures = await steadyLoad({ seconds, seed })
  const { load, use } = figures
  const manifest = load.latencies['get manifest']?.p99 ?? Infinity
  const misses: Misses = [
    manifest > 50 && `a manifest took ${manifest} ms (p99), more than 50`,
    use.peakRss > 512 && `${use.peakRss} MiB of memory, more than 512`,
    use.rssSlope > 1 && `memory grew by ${use.rssSlope} MiB a minute, more than 1`,
    use.end.descriptors > use.start.descriptors + 8 && `${use.end.descriptors} descriptors after ${use.start.descriptors}`,
  ]
  return { figures, misses }
}

async function uploads({ seconds, seed, mebibytes }: LoadSoak) {
  const figures = await largeUploads({ seconds, seed, mebibytes })
  const { alone, beside, use } = figures
  const [before, after] = [alone.sinceDue.p99, beside.sinceDue.p99]
  const misses: Misses = [
    after > before * 2 && `a small pull took ${after} ms (p99) beside the uploads, more than twice the ${before} ms without`,
    use.peakRss > 400 && `${use.peakRss} MiB of memory, more than 400`,
  ]
  return { figures, misses }
}

async function tenfold({ seconds, seed, clients }: LoadSoak) {
  const figures = await overload({ seconds, seed, clients, slow: 2000 })
  const { busy, besideSlow, tenfold: crowded, firstSecond } = figures
  const [before, beside] = [busy, besideSlow].map(({ latencies }) => latencies['get manifest']?.p99 ?? Infinity)
  const misses: Misses = [
    (beside ?? Infinity) > 2 * (before ?? 0) && `a manifest took ${beside} ms (p99) beside slow sockets, ${before} ms without`,
    crowded.imagesPerSecond < 0.8 * busy.imagesPerSecond && `${crowded.imagesPerSecond} images a second of ${busy.imagesPerSecond} were left`,
    firstSecond.imagesPerSecond < 0.8 * busy.imagesPerSecond && `${firstSecond.imagesPerSecond} images in the first second after`,
  ]
  return { figures, misses }
}
