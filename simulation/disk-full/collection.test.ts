import { afterEach, describe, expect } from 'bun:test'
import { readdirSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { poll } from '../rig/poll.ts'
import { createRandom } from '../rig/random.ts'
import { testUnless } from '../rig/test-unless.testing.ts'
import { Disk } from './disk.ts'
import { createPrivateMount, whyNoMounts } from './private-mount.ts'
import { pushImage } from './pushes.ts'
import { deleteImage, fill, furnish, hold } from './workload.ts'

const megabyte = 1024 * 1024
let disk: Disk | undefined

afterEach(async () => {
  await disk?.end()
  disk = undefined
})

describe('garbage collection on a full disk', () => {
  testUnless(whyNoMounts())(
    'takes nothing that is promised, and gives room back without a restart when everything was deleted',
    async () => {
      const mount = await createPrivateMount('mount -t tmpfs -o size=64m berth "$1"')
      disk = new Disk(mount, { collects: true })
      const free = (): number => statfsSync(mount.fromHere).bavail * statfsSync(mount.fromHere).bsize
      const files = (): number => readdirSync(join(mount.fromHere, 'data/blobs/sha256'), { recursive: true }).length

      await disk.start()
      const victims = await furnish(disk)
      const images = await fill(disk)
      await hold(disk, 10_000, victims)
      const full = { free: free(), files: files() }
      expect(full.free).toBeLessThan(2 * megabyte)

      const began = performance.now()
      for (const image of images) expect(await deleteImage(disk, image, 'manifest')).toBe(true)
      await poll('room on the disk', 30_000, () => Promise.resolve(free() > 8 * megabyte ? true : undefined))
      const figures = { ...disk.figures, full, free: free(), files: files(), freedAfter: Math.round(performance.now() - began) }

      const random = createRandom('after')
      for (let n = 0; n < 5; n++) await pushImage(disk, random, `after-${n}`, megabyte)
      await disk.verifyTwice()
      console.log(`collection on a full disk: ${JSON.stringify(figures)}`)
      expect(disk.figures.reads).toBeGreaterThan(100)
      expect(disk.figures.deletesRefused).toBe(0)
    },
    180_000,
  )
})
