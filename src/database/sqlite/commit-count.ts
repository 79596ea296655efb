/**
 * Counts the commits for all threads of the process: odd while one is being made, even while none is. What a thread found out
 * about the database still stands if the count was even then and is the same now.
 */
export function createCommitCount(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
}

/** Called before anything of a commit can be seen. */
export function beginCommit(commits: Int32Array): void {
  Atomics.add(commits, 0, 1)
}

/** Called once the commit has ended, however it did, and before anybody is told. */
export function endCommit(commits: Int32Array): void {
  Atomics.add(commits, 0, 1)
}

/** The present count; absent while a commit is being made, which may be seen already or not yet. */
export function settledCommits(commits: Int32Array): number | undefined {
  const count = Atomics.load(commits, 0)
  return count % 2 === 0 ? count : undefined
}
