/**
 * Waits until `look` gives something other than undefined or false, and returns that.
 * @param limit milliseconds after which it fails
 * @throws Error that says what was waited for
 */
export async function until<T>(what: string, look: () => T | Promise<T>, limit = 20_000): Promise<Exclude<T, undefined | false>> {
  const end = performance.now() + limit
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== false) return found as Exclude<T, undefined | false>
    if (performance.now() > end) throw new Error(`${limit / 1000} s were not enough: ${what}`)
    await Bun.sleep(10)
  }
}
