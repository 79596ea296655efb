import { test } from 'bun:test'

/** A test that can't run here is shown as skipped, with the reason at the end of its name. */
export function testUnless(why: string | undefined) {
  return (name: string, run: () => Promise<void>, limitMs: number): void => {
    if (why === undefined) test(name, run, limitMs)
    else test.skip(`${name} (skipped: ${why.replaceAll(/[()]/g, '').trim()})`, run)
  }
}
