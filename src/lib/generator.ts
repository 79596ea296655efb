/**
 * sfc32 (Doty-Humphrey): 128 bits of state with a counter, so that streams of different seeds do not run into each other as
 * those of a 32-bit generator would. Returns unsigned 32-bit numbers. Predictable: for tests and the simulation only.
 */
export function createGenerator(state: readonly [number, number, number, number]): () => number {
  let [a, b, c, counter] = state
  return () => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + sum) | 0
    return sum >>> 0
  }
}
