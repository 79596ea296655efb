/** The most tries: each of them is one run of a target. */
const mostTries = 5_000

/** Leaves out parts of the input, large ones first, as long as `same` still holds. */
export function shrink(input: Uint8Array, same: (shorter: Uint8Array) => boolean): Uint8Array {
  let shortest = input
  let tries = 0
  for (let size = Math.ceil(input.length / 2); size >= 1 && tries < mostTries; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < shortest.length && tries < mostTries; tries++) {
      const shorter = Buffer.concat([shortest.subarray(0, at), shortest.subarray(at + size)])
      if (same(shorter)) shortest = shorter
      else at += size
    }
  }
  return shortest
}
