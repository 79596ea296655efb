/** Works through the list, several at a time. The first failure ends it. */
export async function each<T>(list: readonly T[], atOnce: number, work: (item: T) => Promise<void>): Promise<void> {
  let next = 0
  let failed = false
  const run = async (): Promise<void> => {
    while (next < list.length && !failed) {
      try {
        await work(list[next++] as T)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, list.length) }, run))
}
