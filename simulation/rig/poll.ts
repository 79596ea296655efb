/** Asks again and again until there is an answer. Fails when `limitMs` have passed without one. */
export async function poll<T>(what: string, limitMs: number, ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + limitMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (performance.now() > deadline) throw new Error(`${what}: not within ${limitMs} ms`)
    await Bun.sleep(10)
  }
}

/** Rejects when the promise takes longer. What it stands for goes on. */
export async function within<T>(what: string, limitMs: number, promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error(`${what}: not within ${limitMs} ms`)), limitMs)
  try {
    return await Promise.race([promise, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
