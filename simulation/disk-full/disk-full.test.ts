import { afterEach, describe, expect } from 'bun:test'
import { expectStatus } from '../rig/client.ts'
import { type Content, createContent } from '../rig/content.ts'
import { each } from '../rig/each.ts'
import { createManifest } from '../rig/image.ts'
import { pathOf } from '../rig/look.ts'
import { testUnless } from '../rig/test-unless.testing.ts'
import { Disk } from './disk.ts'
import { createPrivateMount, type PrivateMount, whyNoMounts } from './private-mount.ts'
import { push, putImage } from './pushes.ts'
import { Refused } from '../rig/refusal.ts'
import { fill, furnish, hold, resume } from './workload.ts'

/** Sixty-four megabytes with inodes to spare; as a file system in memory, and as one that has to find blocks. */
const tmpfs = 'mount -t tmpfs -o size=64m berth "$1"'
const ext4 = [
  'mount -t tmpfs -o size=80m berth "$1"',
  'truncate -s 64m "$1/image"',
  'mkfs.ext4 -q -N 4000 "$1/image"',
  'mount -o loop,errors=remount-ro "$1/image" "$1"',
].join(' && ')
/** What the kernel does when it finds the file system damaged. */
const failExt4 = [
  'device=$(grep " $1 ext4 " /proc/mounts | cut -d" " -f1)',
  'echo 1 >"/sys/fs/ext4/${device#/dev/}/trigger_fs_error"',
].join('; ')
/** Everything but the data is read-only, as in a container hardened so. */
const nothingElse = `for folder in / /tmp /var/tmp; do
  if mountpoint -q "$folder"; then mount -o bind,remount,ro "$folder" || exit; fi
done; ${tmpfs}`
const resumeLimit = 20_000
const testLimit = 300_000

let disk: Disk | undefined

async function createDisk(script: string): Promise<{ readonly disk: Disk; readonly mount: PrivateMount }> {
  const mount = await createPrivateMount(script)
  disk = new Disk(mount)
  return { disk, mount }
}

afterEach(async () => {
  await disk?.end()
  disk = undefined
})

const testOnMount = testUnless(whyNoMounts())

describe('a server whose disk is', () => {
  for (const [name, script] of Object.entries({ tmpfs, ext4 })) {
    testOnMount(
      `full, on ${name}: pushes are refused, reads and deletes go on, after a kill too, and pushes when there is room again`,
      async () => {
        const { disk: full, mount } = await createDisk(script)
        await mount.run('dd if=/dev/zero of="$1/ballast" bs=1M count=12 2>&1')
        await full.start()
        const victims = await furnish(full)
        await fill(full)
        await hold(full, 5_000, victims.slice(20))
        await full.server.kill()
        await full.start()
        await hold(full, 5_000, victims.slice(0, 20))
        await mount.run('rm "$1/ballast"')
        const resumedAfter = Math.round(await resume(full, resumeLimit))
        await full.verifyTwice()
        console.log(`disk full: ${JSON.stringify({ ...full.figures, resumedAfter })}`)
        expect(full.figures.refused).toBeGreaterThan(100)
        expect(full.figures.deletes).toBe(victims.length)
        expect(full.figures.deletesRefused).toBe(0)
        expect(full.figures.reads).toBeGreaterThan(100)
      },
      testLimit,
    )
  }

  testOnMount(
    'out of inodes: what needs no file goes on, deletes too',
    async () => {
      const { disk: full, mount } = await createDisk('mount -t tmpfs -o size=64m,nr_inodes=400 berth "$1"')
      await mount.run('mkdir "$1/ballast"; i=0; while [ $i -lt 100 ]; do : >"$1/ballast/$i"; i=$((i + 1)); done')
      await full.start()
      const victims = await furnish(full)
      await fill(full, (random) => random.between(33_000, 60_000))
      await expect(push(full, 'disk/app', createContent('a file too many', 40_000), 'put')).rejects.toBeInstanceOf(Refused)
      await push(full, 'disk/app', createContent('a row', 20_000), 'put')
      await hold(full, 3_000, victims)
      await mount.run('rm -r "$1/ballast"')
      const resumedAfter = Math.round(await resume(full, resumeLimit))
      await full.verifyTwice()
      console.log(`no inodes: ${JSON.stringify({ ...full.figures, resumedAfter })}`)
      expect(full.figures.deletes).toBeGreaterThan(10)
      expect(full.figures.deletesRefused).toBe(0)
    },
    testLimit,
  )

  testOnMount(
    'made read-only by an error: writes are refused, reads go on',
    async () => {
      const { disk: broken, mount } = await createDisk(ext4)
      await broken.start()
      const victims = await furnish(broken)
      await mount.run(failExt4)
      const acknowledged = broken.figures.acknowledged
      await hold(broken, 3_000, victims)
      expect(broken.figures.acknowledged).toBe(acknowledged)
      expect(broken.figures.deletes).toBe(0)
      expect(broken.figures.reads).toBeGreaterThan(100)
      expect(broken.server.running).toBe(true)
    },
    testLimit,
  )

  testOnMount(
    'read-only from the start: reads are served, writes after a restart',
    async () => {
      const { disk: readOnly, mount } = await createDisk(tmpfs)
      await readOnly.start()
      await furnish(readOnly)
      await readOnly.server.kill()
      await mount.run('mount -o remount,ro "$1"')
      await readOnly.start()
      await readOnly.verifyReads()
      await expect(push(readOnly, 'disk/app', createContent('refused', 2_000), 'put')).rejects.toBeInstanceOf(Refused)
      await readOnly.server.kill()
      await mount.run('mount -o remount,rw "$1"')
      await readOnly.start()
      await readOnly.verifyTwice()
    },
    testLimit,
  )

  testOnMount(
    'the only one it may write to: large batches need no room elsewhere',
    async () => {
      const { disk: only, mount } = await createDisk(nothingElse)
      await expect(mount.run(': >/var/tmp/berth-probe')).rejects.toThrow('Read-only')
      await only.start()
      const layers = Array.from({ length: 1_500 }, (_, n) => createContent(`small ${n}`, 200))
      await each(layers, 16, (layer) => push(only, 'disk/app', layer, 'single'))
      const image = await putImage(only, 'disk/app', 'large', createManifest('large', layers[0] as Content, layers), [])
      expectStatus(await only.client.send('DELETE', pathOf(image.manifest)), 202)
      only.ledger.forget(image.manifest)
      only.ledger.forget(image.tag)
      await only.verifyTwice()
    },
    testLimit,
  )
})
