import { afterEach, describe, expect } from 'bun:test'
import { poll } from '../rig/poll.ts'
import { createRandom } from '../rig/random.ts'
import { testUnless } from '../rig/test-unless.testing.ts'
import { Disk } from './disk.ts'
import { createFolder } from './private-mount.ts'
import { pushImage } from './pushes.ts'
import { refuseWrites, whyNoFaults } from './refused-writes.ts'
import { furnish, hold, resume } from './workload.ts'

const testWithFaults = testUnless(whyNoFaults())
let disk: Disk | undefined
let allow: (() => Promise<void>) | undefined

async function createDisk(): Promise<Disk> {
  disk = new Disk(createFolder())
  await disk.start()
  return disk
}

afterEach(async () => {
  await allow?.()
  await disk?.end()
  allow = disk = undefined
})

describe('a file system that refuses writes', () => {
  for (const errno of ['EROFS', 'EDQUOT'] as const) {
    testWithFaults(
      `with ${errno}: they are refused, reads go on, and writes when it takes them again`,
      async () => {
        const refusing = await createDisk()
        const victims = await furnish(refusing)
        allow = await refuseWrites(refusing.server.pid, errno)
        const { acknowledged } = refusing.figures
        await hold(refusing, 3_000, victims)
        expect(refusing.figures.acknowledged).toBe(acknowledged)
        expect(refusing.figures.reads).toBeGreaterThan(10)
        await allow()
        const resumedAfter = Math.round(await resume(refusing, 5_000))
        await refusing.verifyTwice()
        console.log(`${errno}: ${JSON.stringify({ ...refusing.figures, resumedAfter })}`)
      },
      300_000,
    )
  }

  testWithFaults(
    'with EIO: the process ends, and nothing acknowledged is lost',
    async () => {
      const failing = await createDisk()
      await furnish(failing)
      allow = await refuseWrites(failing.server.pid, 'EIO')
      await expect(pushImage(failing, createRandom('eio'), 'never', 1_000)).rejects.toThrow()
      await poll('the end of the server', 30_000, () => Promise.resolve(failing.server.running ? undefined : true))
      await allow()
      await failing.start()
      await failing.verifyTwice()
    },
    300_000,
  )
})
