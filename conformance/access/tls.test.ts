import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeTools } from '../clients/describe-tools.ts'
import { createLayout } from '../clients/oci-layout.ts'
import { createCertificate } from '../create-certificate.ts'
import type { Finished } from '../run-program.ts'
import { startServer, type Server } from '../server.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { runnerIn } from './login-client.ts'
import { admin, privateRegistryAt, type PrivateRegistry } from './private-registry.ts'

setDefaultTimeout(120_000)

describeTools(['oras', 'crane', 'openssl'], ({ oras, crane }) => {
  const folder = temporaryFolder()
  const certificate = join(folder.path, 'certificate.pem')
  let server: Server
  let registry: PrivateRegistry
  beforeAll(async () => {
    const key = join(folder.path, 'key.pem')
    await createCertificate(certificate, key)
    const tls = { BERTH_TLS_CERTIFICATE: certificate, BERTH_TLS_KEY: key }
    server = await startServer({ env: { BERTH_OPEN: 'false', BERTH_ADMIN_PASSWORD: admin.password, ...tls } })
    registry = privateRegistryAt(server.url)
    await registry.ask('POST', 'projects', { name: 'team' })
  })
  afterAll(async () => {
    expect(await server.stop()).toBe(0)
    folder.remove()
  })
  const done = ({ code, out, err }: Finished) => {
    if (code !== 0) throw new Error(out + err)
  }

  test('over TLS the token service is where the registry is, for oras and crane', async () => {
    const { username, password } = await registry.addUser('alice', { project: 'team', role: 'developer' })
    expect((await fetch(`${server.url}/v2/`, { tls: { rejectUnauthorized: false } })).headers.get('www-authenticate')).toStartWith(
      `Bearer realm="${server.url}/token"`,
    )
    const [first, second] = [runnerIn(folder.path, [oras]), runnerIn(folder.path, ['env', `SSL_CERT_FILE=${certificate}`, crane])]
    const login = (secret: string) => first(['login', '--ca-file', certificate, '-u', username, '--password-stdin', registry.host], secret)
    const wrong = await login('wrong')
    expect([wrong.code, wrong.err]).toEqual([1, expect.stringContaining('the user name or the password is not right')])
    done(await login(password))
    writeFileSync(join(folder.path, 'notes'), 'notes')
    done(await first(['push', '--ca-file', certificate, `${registry.host}/team/notes:1`, 'notes']))
    done(await first(['pull', '--ca-file', certificate, '--output', 'pulled', `${registry.host}/team/notes:1`]))
    const layout = createLayout(join(folder.path, 'image'))
    layout.tag(layout.addImage(1, 1_000), '1')
    done(await second(['push', 'image', `${registry.host}/team/image:1`]))
    done(await second(['pull', `${registry.host}/team/image:1`, 'image.tar']))
  })
})
