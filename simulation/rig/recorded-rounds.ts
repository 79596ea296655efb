import { appendFileSync, existsSync, readFileSync } from 'node:fs'

/** Rounds of a long run that passed, a line of JSON each: those in the file are not run again, and count in the sum. */
export interface RecordedRounds<Round> {
  has(wanted: (round: Round) => boolean): boolean
  /** Prints the round and writes it down. */
  add(round: Round): void
  all(): readonly Round[]
}

/**
 * @param file absent where nothing is to be written down
 * @param rig names those of the rounds in the file that are meant
 */
export function recordedRounds<Round extends { readonly rig: string }>(file: string | undefined, rig: string): RecordedRounds<Round> {
  const lines = file !== undefined && existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
  const known = lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Round)
  const rounds = known.filter((round) => round.rig === rig)
  return Object.freeze<RecordedRounds<Round>>({
    has: (wanted) => rounds.some(wanted),
    add: (round) => {
      rounds.push(round)
      console.log(JSON.stringify(round))
      if (file !== undefined) appendFileSync(file, `${JSON.stringify(round)}\n`)
    },
    all: () => rounds,
  })
}
