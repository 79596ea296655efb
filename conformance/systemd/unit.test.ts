import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram, isRoot } from '../../tools/installed.ts'
import { describeTools } from '../clients/describe-tools.ts'
import { pushImage } from '../clients/push-image.ts'
import { faults } from '../for-each-server.ts'
import { createClient } from '../oci/client.ts'
import { freshBytes } from '../oci/content.ts'
import { runProgram, succeed } from '../run-program.ts'
import { berth, startServer, type Server } from '../server.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { until } from '../until.ts'

setDefaultTimeout(120_000)

const packaged = join(import.meta.dir, '../../packaging/systemd')
const unit = readFileSync(join(packaged, 'berth.service'), 'utf8')
/** All values of a setting of the unit. */
const valuesOf = (name: string) => [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value = '']) => value)

const folder = temporaryFolder()
afterAll(() => folder.remove())

/** Somebody without any rights. */
const nobody = 65_534

/** What a registry does all day. */
async function useRegistry({ url }: Server): Promise<void> {
  const digest = await pushImage(url, 'team/app', '1.0')
  const client = createClient(url)
  expect((await client.send('GET', '/v2/team/app/manifests/1.0')).headers.get('docker-content-digest')).toBe(digest)
  // Of a size that is sent as a file.
  const bytes = freshBytes(3_000_000)
  const blob = `/v2/team/app/blobs/${await client.pushBlob('team/app', bytes)}`
  expect(Buffer.from((await client.send('GET', blob)).bytes).equals(bytes)).toBe(true)
  await client.send('DELETE', blob)
  await client.send('DELETE', '/v2/team/app/manifests/1.0')
}

describeTools(['systemd-analyze'], (tools) => {
  const analyze = (...words: string[]) => succeed([tools['systemd-analyze'], ...words])

  test('systemd finds nothing wrong with the unit, and little that it leaves open', async () => {
    const file = join(folder.path, 'berth.service')
    writeFileSync(file, unit.replaceAll('/usr/local/bin/berth', berth))
    const { code, out, err } = await runProgram([tools['systemd-analyze'], 'verify', '--man=no', file])
    expect([code, out + err]).toEqual([0, ''])
    // Of 100. A unit that says nothing has 96.
    await analyze('security', '--no-pager', '--offline=true', '--threshold=20', file)
  })

  test('the user is one that cannot log in', async () => {
    const root = join(folder.path, 'root')
    mkdirSync(join(root, 'etc'), { recursive: true })
    const program = findProgram('systemd-sysusers', ['/usr/bin', '/bin']) ?? ''
    await succeed([program, `--root=${root}`, join(packaged, 'berth.sysusers.conf')])
    const user = readFileSync(join(root, 'etc/passwd'), 'utf8').split('\n').find((line) => line.startsWith(`${valuesOf('User')[0]}:`))
    expect(user).toMatch(/^berth:[^:]*:\d+:\d+:[^:]*:\/var\/lib\/berth:\/usr\/sbin\/nologin$/)
  })

  describeTools(['strace'], ({ strace }) => {
    test('the system calls that Berth makes are among those that it may', async () => {
      const place = join(folder.path, 'counted')
      mkdirSync(place)
      const counts = join(place, 'counts')
      // As root SQLite gives files to whoever owns the directory, which the unit's user neither may nor needs to.
      const user = isRoot() ? ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'] : []
      if (isRoot()) for (const path of [folder.path, place]) chownSync(path, nobody, nobody)
      const through = ['sh', '-euc', 'cd /; exec "$@"', 'sh', ...user, strace, '-DD', '-f', '-qq', '-c', '-o', counts]
      const server = await startServer({ through, data: join(place, 'data') })
      await useRegistry(server)
      expect(await server.stop()).toBe(0)
      const table = await until('strace has counted', () => {
        const text = readFileSync(counts, 'utf8')
        return / total\n/.test(text) ? text : undefined
      })
      const made = table.split('\n').flatMap((line) => /^ *\d+\.\d\d .* ([a-z]\w+)$/.exec(line)?.[1] ?? []).filter((name) => name !== 'total')
      expect(made).toContain('mmap')
      const groups = groupsOf(await analyze('syscall-filter', '--no-pager'))
      const allowed = new Set<string>()
      for (const value of valuesOf('SystemCallFilter')) {
        const names = expand(value.replace(/^~/, '').split(' '), groups)
        for (const name of names) {
          if (value.startsWith('~')) allowed.delete(name)
          else allowed.add(name)
        }
      }
      expect(made.filter((name) => !allowed.has(name))).toEqual([])
    })
  })
})

/** The sets of system calls by their name, as systemd-analyze prints them. */
function groupsOf(text: string): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>()
  let members: string[] = []
  for (const line of text.split('\n')) {
    if (line.startsWith('@')) groups.set(line.trim(), (members = []))
    else if (/^ +[@\w]/.test(line)) members.push(line.trim())
  }
  return groups
}

function expand(names: readonly string[], groups: ReadonlyMap<string, readonly string[]>): string[] {
  return names.flatMap((name) => (name.startsWith('@') ? expand(groups.get(name) ?? [], groups) : [name]))
}

const reason = whyNotRestricted()

/** A process of that user has to see the checkout. */
function whyNotRestricted(): string {
  if (process.platform !== 'linux' || !isRoot()) return ' (skipped: not root on Linux)'
  if (findProgram('setpriv') === undefined || findProgram('unshare') === undefined) return ' (skipped: no setpriv or no unshare)'
  if (Bun.spawnSync(['unshare', '--mount', 'true']).exitCode !== 0) return ' (skipped: root may not unshare mounts here)'
  const sees = Bun.spawnSync(['setpriv', `--reuid=${nobody}`, '--clear-groups', 'test', '-x', berth])
  return sees.exitCode === 0 ? '' : ' (skipped: others than root cannot read the checkout)'
}

describe('Berth under the restrictions of the unit', () => {
  test.skipIf(reason !== '')(`serves, with everything read-only but its data, and no rights${reason}`, async () => {
    const data = join(folder.path, 'data')
    mkdirSync(data, { mode: 0o700 })
    chownSync(data, nobody, nobody)
    const steps = ['mount --bind "$0" "$0"', 'mount -o remount,bind,ro /', 'mount -o remount,bind,rw "$0"', 'cd /', 'umask 0077', 'exec "$@"']
    const rights = [`--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', '--inh-caps=-all', '--bounding-set=-all', '--no-new-privs']
    const through = ['unshare', '--mount', 'sh', '-euc', steps.join('\n'), data, 'setpriv', ...rights]
    const server = await startServer({ through, data })
    const status = readFileSync(`/proc/${server.pid}/status`, 'utf8')
    expect(status).toMatch(/^Uid:\t65534\t65534\t65534\t65534$/m)
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) expect(status).toMatch(new RegExp(`^${set}:\t0+$`, 'm'))
    expect(status).toMatch(/^NoNewPrivs:\t1$/m)
    expect(readFileSync(`/proc/${server.pid}/mountinfo`, 'utf8')).toMatch(/^\d+ \d+ \S+ \S+ \/ ro[, ]/m)
    await useRegistry(server)
    expect([await server.stop(), faults(server)]).toEqual([0, []])
  })
})
