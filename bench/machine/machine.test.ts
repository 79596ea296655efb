import { expect, test } from 'bun:test'
import { parseList } from './cores.ts'
import { memoryAtRest } from './memory-at-rest.ts'
import { freePort, startProcess } from './processes.ts'
import { parseStat, readUse } from './use.ts'
import { fileSystemOf } from './workspace.ts'

test('lists of cores', () => {
  expect(parseList('0-2,5')).toEqual([0, 1, 2, 5])
  expect(parseList('')).toEqual([])
})

test('a program may have any name', () => {
  const rest = 'S 41 1 1 0 -1 4194560 1 2 3 4 500 70 0 0 20 0 12 0 100'
  expect(parseStat(`42 (a) b) ${rest}`)).toEqual({ parent: 41, ticks: 570 })
})

test('the file system of a folder is that of its nearest mount, and of the last one there', () => {
  const mounts = [
    '22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw',
    '30 22 0:26 / /tmp rw shared:2 - tmpfs tmpfs rw',
    '31 22 0:27 / /tm rw - xfs /dev/b rw',
    '32 22 0:28 / /data rw - ext4 /dev/c rw',
    '33 22 0:29 / /data rw - btrfs /dev/d rw',
  ].join('\n')
  expect(fileSystemOf('/var/tmp', mounts)).toBe('ext4')
  expect(fileSystemOf('/tmp/a', mounts)).toBe('tmpfs')
  expect(fileSystemOf('/data', mounts)).toBe('btrfs')
})

test.if(process.platform === 'linux')('the use of a process counts what its children use', async () => {
  const busy = 'i=0; while [ $i -lt 3000000 ]; do i=$((i+1)); done'
  const child = startProcess(['/bin/sh', '-c', `(${busy}) & wait`], { stdout: 'pipe' })
  try {
    const end = performance.now() + 10_000
    while (readUse(child.pid).cpuSeconds < 0.2) {
      if (performance.now() > end) throw new Error('no CPU was counted')
      await Bun.sleep(20)
    }
    expect(readUse(child.pid).peakBytes).toBeGreaterThan(100_000)
  } finally {
    child.kill('SIGKILL')
    await child.exited
  }
})

test.if(process.platform === 'linux')('a process is at rest once its work is done', async () => {
  const busyFirst = 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; exec sleep 60'
  const child = startProcess(['/bin/sh', '-c', busyFirst], { stdout: 'pipe' })
  try {
    expect(await memoryAtRest(child.pid, 0.1)).toBeGreaterThan(100_000)
    const { cpuSeconds } = readUse(child.pid)
    expect(cpuSeconds).toBeGreaterThan(0.02)
    await Bun.sleep(100)
    expect(readUse(child.pid).cpuSeconds).toBe(cpuSeconds)
  } finally {
    child.kill('SIGKILL')
    await child.exited
  }
})

test('a free port can be listened on', async () => {
  const port = await freePort()
  const server = Bun.listen({ hostname: '127.0.0.1', port, socket: { data: () => {} } })
  expect(server.port).toBe(port)
  server.stop(true)
})
