import type { PoolClient } from 'pg'

/** A third connection that sees who waits for whom. */
export interface Observer {
  /** True when the statement has ended; false when it waits for a lock that the other side holds. */
  finishes(moved: Promise<void>, pid: number, blocker: number): Promise<boolean>
  /** Waits for what must happen by itself, and fails with `complaint` when it does not. */
  within(moved: Promise<void>, complaint: string): Promise<void>
  /** Ends a statement that waits, as the server does to the victim of a deadlock. */
  cancel(pid: number): Promise<void>
}

const limit = 20_000

export function createObserver(client: PoolClient): Observer {
  return Object.freeze({
    finishes: (moved: Promise<void>, pid: number, blocker: number) => finishes(client, moved, pid, blocker),
    within,
    cancel: async (pid: number) => {
      await client.query('select pg_cancel_backend($1)', [pid])
    },
  })
}

async function finishes(client: PoolClient, moved: Promise<void>, pid: number, blocker: number): Promise<boolean> {
  let ended = false
  const end = moved.then(() => {
    ended = true
  })
  const started = Date.now()
  // Nearly every statement ends at once: then nobody has to be asked.
  await Promise.race([end, Bun.sleep(1)])
  for (;;) {
    if (ended) return true
    // The blocker stands at its gate, so what waits for it now waits until it goes on.
    const asked = waits(client, pid, blocker)
    await Promise.race([end, asked])
    const blocked = await asked
    if (ended) return true
    if (blocked) return false
    if (Date.now() - started > limit) throw new Error('a statement neither ends nor waits for the other side')
  }
}

async function waits(client: PoolClient, pid: number, blocker: number): Promise<boolean> {
  const { rows } = await client.query<{ waits: boolean }>({
    name: 'waits',
    text: 'select pg_blocking_pids($1) @> array[$2::int] as waits',
    values: [pid, blocker],
  })
  return rows[0]?.waits === true
}

async function within(moved: Promise<void>, complaint: string): Promise<void> {
  let timer: Timer | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(complaint)), limit)
  })
  try {
    await Promise.race([moved, late])
  } finally {
    clearTimeout(timer)
  }
}
