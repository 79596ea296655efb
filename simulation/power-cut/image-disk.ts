import { createPrivateMount, type PrivateMount } from '../disk-full/private-mount.ts'

/** An ext4 file system on a loop device, on an image in memory, that can lose its power. */
export interface ImageDisk {
  /** What runs a command that finds the disk. */
  readonly under: readonly string[]
  /** The disk for commands that run `under` it. */
  readonly path: string
  /** The disk for this process. */
  readonly fromHere: string
  /** Runs a shell script there, with the disk as $1. */
  run(script: string): Promise<void>
  /** Keeps what the device holds at this moment. Whoever writes to the disk must stand still. */
  copy(): Promise<void>
  /** Puts the copy in the disk's place, as after a power cut. Nobody may use the disk. */
  replace(): Promise<void>
  end(): Promise<void>
}

// Nothing is written back by the clock while a test runs: only what was synced is sure to be on the device. No inode table is
// left for the kernel to fill in later, so that the device is quiet when the programs are.
const mount = 'mount -o loop,commit=600 "$1/image" "$1/disk"'
const make = [
  'mount -t tmpfs -o size=1g,mode=755 berth "$1"',
  'mkdir "$1/disk"',
  'truncate -s 256m "$1/image"',
  'mkfs.ext4 -q -N 30000 -E lazy_itable_init=0,lazy_journal_init=0 "$1/image"',
  mount,
].join(' && ')

/**
 * Everything above the loop device is memory of the file system, which a power cut takes; the image holds what reached the
 * device. The kernel itself may still write while the image is read: a copy that is equal to the image after it was made is
 * the image of the moment between the two readings.
 */
const copyImage = `n=0
until cp --sparse=always "$1/image" "$1/copy" && cmp -s "$1/image" "$1/copy"; do
  n=$((n + 1)); [ $n -lt 20 ] || { echo "the device is never quiet"; exit 1; }
done`
const replaceImage = `umount "$1/disk" && mv "$1/copy" "$1/image" && ${mount}`

export async function createImageDisk(): Promise<ImageDisk> {
  const place: PrivateMount = await createPrivateMount(make)
  const path = `${place.path}/disk`
  return Object.freeze<ImageDisk>({
    under: place.under,
    path,
    fromHere: `${place.fromHere}/disk`,
    run: (script) => place.run(`set -- "$1/disk"\n${script}`),
    copy: () => place.run(copyImage),
    replace: () => place.run(replaceImage),
    end: () => place.end(),
  })
}
