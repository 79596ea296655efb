import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { pushImage } from '../clients/push-image.ts'
import { createClient, type Target } from '../oci/client.ts'
import { succeed } from '../run-program.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { until } from '../until.ts'
import { bootSystemd, whyNotBooted, type BootedSystemd } from './booted-systemd.ts'

setDefaultTimeout(180_000)

const checkout = join(import.meta.dir, '../..')
const reason = whyNotBooted()
const folder = temporaryFolder()
const settings = '/etc/berth/berth.yaml'

describe.skipIf(reason !== '')(`the service under a systemd that runs${reason}`, () => {
  let systemd: BootedSystemd
  let url = ''

  const configure = async (text: string) => await systemd.run('sh', '-euc', 'mkdir -p /etc/berth; printf "%s\\n" "$1" > "$0"', settings, text)
  const journal = async () => await systemd.run('journalctl', '--unit=berth', '--output=cat', '--no-pager', '--all')
  /** Where it serves now, and who may do everything there. */
  const target = async (): Promise<Target> => {
    url = await until('it says where it serves', async () => (await journal()).match(/http:\/\/127\.0\.0\.1:\d+/g)?.at(-1))
    const password = (await systemd.run('cat', '/var/lib/berth/initial-admin-password')).trim()
    return { urls: [url], level: 'berth', credentials: { username: 'admin', password } }
  }

  beforeAll(async () => {
    const program = join(folder.path, 'berth')
    await succeed([process.execPath, join(checkout, 'tools/compile.ts'), program])
    systemd = await bootSystemd(join(checkout, 'packaging/systemd'), program)
    await systemd.run('systemd-sysusers')
    await configure('listen: 127.0.0.1:0')
  })
  afterAll(async () => {
    await systemd.end()
    folder.remove()
  })

  test('serves as a user of its own, who sees little and writes nowhere else', async () => {
    await systemd.run('systemctl', 'start', 'berth')
    const there = await target()
    const digest = await pushImage(there, 'team/app', '1.0')
    expect((await createClient(there).send('GET', '/v2/team/app/manifests/1.0')).headers.get('docker-content-digest')).toBe(digest)
    const pid = await systemd.shows('MainPID')
    expect((await systemd.run('stat', '-c', '%U', `/proc/${pid}`)).trim()).toBe('berth')
    expect((await systemd.run('stat', '-c', '%U %a', '/var/lib/berth')).trim()).toBe('berth 700')
    const mounts = await systemd.run('cat', `/proc/${pid}/mountinfo`)
    expect(mounts).toMatch(/ \/ ro[, ]/)
    expect(mounts).toMatch(/ \/var\/lib\/berth rw[, ]/)
    expect(await systemd.run('cat', `/proc/${pid}/status`)).toMatch(/^CapEff:\t0+$[^]*^NoNewPrivs:\t1$[^]*^Seccomp:\t2$/m)
  })

  test('is started again when it was killed, with what it had', async () => {
    const before = await systemd.shows('MainPID')
    await systemd.run('systemctl', 'kill', '--signal=KILL', 'berth')
    await until('it runs again', async () => (await systemd.shows('ActiveState')) === 'active' && (await systemd.shows('MainPID')) !== before)
    const old = url
    await until('it serves again', async () => (await target()).urls[0] !== old)
    expect((await createClient(await target()).send('HEAD', '/v2/team/app/manifests/1.0')).status).toBe(200)
    expect(await systemd.shows('NRestarts')).toBe('1')
  })

  test('stops when it is told to, and says so', async () => {
    await systemd.run('systemctl', 'stop', 'berth')
    expect([await systemd.shows('ActiveState'), await systemd.shows('Result')]).toEqual(['inactive', 'success'])
  })

  test('is not tried again and again with a mistake in its settings, and the journal names the line', async () => {
    await configure('listen: 127.0.0.1:0\nlissten: 1')
    await systemd.attempt('systemctl', 'start', 'berth')
    await until('it has failed', async () => (await systemd.shows('ActiveState')) === 'failed')
    expect([await systemd.shows('ExecMainStatus'), await systemd.shows('NRestarts')]).toEqual(['2', '0'])
    expect(await journal()).toContain('lissten')
    await configure('listen: 127.0.0.1:0')
    await systemd.run('systemctl', 'start', 'berth')
    expect(await systemd.shows('ActiveState')).toBe('active')
  })
})
