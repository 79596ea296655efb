const never = new Int32Array(new SharedArrayBuffer(4))
/** Milliseconds: less than a commit takes, and as long as those who were just answered take to come again. */
const moment = 0.5

/** Stands still for a moment. It blocks: for a thread with nothing else to do. */
export function linger(): void {
  Atomics.wait(never, 0, 0, moment)
}
