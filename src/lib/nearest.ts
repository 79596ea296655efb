/** Longer words are not compared: the work grows with the product of the lengths, and the word comes from outside. */
const longestWord = 64

/**
 * The candidate most like `word`, for "did you mean". Absent when nothing is close: more than one edit (a letter added,
 * dropped, changed, or two neighbours swapped) per three letters. Upper and lower case count as equal; the first of equals wins.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > longestWord) return undefined
  let best: string | undefined
  let bestDistance = Number.POSITIVE_INFINITY
  for (const candidate of candidates) {
    const allowed = Math.floor(Math.max(word.length, candidate.length) / 3)
    if (candidate.length > longestWord || Math.abs(candidate.length - word.length) > allowed) continue
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase())
    if (distance > allowed || distance >= bestDistance) continue
    best = candidate
    bestDistance = distance
  }
  return best
}

/** Optimal string alignment distance, row by row: the last two rows are all it looks back on. */
function editDistance(a: string, b: string): number {
  let before: number[] = []
  let above = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const changed = cell(above, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
      let distance = Math.min(changed, cell(above, j) + 1, cell(row, j - 1) + 1)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) distance = Math.min(distance, cell(before, j - 2) + 1)
      row.push(distance)
    }
    before = above
    above = row
  }
  return cell(above, b.length)
}

function cell(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY
}
