/**
 * Who asks for something, from what every registry owes to what only Berth promises:
 * `must` and `should` are the specification's words, `clients` is what programs that people use need beyond them, `berth` is
 * Berth's own.
 * A registry is held to a level and to those before it.
 */
export const levels = ['must', 'should', 'clients', 'berth'] as const
export type Level = (typeof levels)[number]

/** Whether something that `level` asks for counts for a registry that is held to `held`. */
export function counts(level: Level, held: Level): boolean {
  return levels.indexOf(level) <= levels.indexOf(held)
}
