import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onServer } from '../for-each-server.ts'
import { runProgram, succeed } from '../run-program.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { describeTools } from './describe-tools.ts'
import { listReferrers, listTags } from './list-referrers.ts'
import { pushImage } from './push-image.ts'

setDefaultTimeout(120_000)

const signature = 'application/vnd.cncf.notary.signature'
const authority = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign']
const signer = ['basicConstraints=critical,CA:FALSE', 'keyUsage=critical,digitalSignature', 'extendedKeyUsage=codeSigning']
const subject = (name: string) => `/C=CN/ST=Test/O=Test/CN=${name}`

const policy = {
  version: '1.0',
  trustPolicies: [
    {
      name: 'all',
      registryScopes: ['*'],
      // Asking whether a certificate was revoked would need the network.
      signatureVerification: { level: 'strict', override: { revocation: 'skip' } },
      trustStores: ['ca:test'],
      trustedIdentities: ['*'],
    },
  ],
}

describeTools(['notation', 'openssl'], ({ notation, openssl }) => {
  const folder = temporaryFolder()
  afterAll(folder.remove)
  const own = (name: string) => join(folder.path, name)
  const options = (settings: string) => ({ env: { HOME: folder.path, XDG_CONFIG_HOME: own(settings) }, cwd: folder.path })
  const run = (settings: string, ...words: string[]) => succeed([notation, ...words], options(settings))
  const insecure = '--insecure-registry'

  /** Makes an authority with a certificate for signing, and settings that sign with it and trust nothing else. */
  const makeSigner = async (name: string): Promise<void> => {
    const ssl = (...words: string[]) => succeed([openssl, ...words], { cwd: folder.path })
    const newKey = ['-newkey', 'rsa:2048', '-nodes']
    const request = (key: string) => [...newKey, '-keyout', `${name}-${key}.key`, '-subj', subject(`${name} ${key}`)]
    const extensions = authority.flatMap((extension) => ['-addext', extension])
    await ssl('req', '-x509', ...request('ca'), '-days', '2', '-out', `${name}-ca.crt`, ...extensions)
    await ssl('req', ...request('sign'), '-out', `${name}.csr`)
    writeFileSync(own(`${name}.ext`), signer.join('\n'))
    const by = ['-CA', `${name}-ca.crt`, '-CAkey', `${name}-ca.key`, '-CAcreateserial', '-days', '1']
    await ssl('x509', '-req', '-in', `${name}.csr`, ...by, '-extfile', `${name}.ext`, '-out', `${name}.crt`)
    const chain = [`${name}.crt`, `${name}-ca.crt`].map((file) => readFileSync(own(file), 'utf8'))
    writeFileSync(own(`${name}-chain.crt`), chain.join(''))
    const settings = own(`${name}/notation`)
    mkdirSync(join(settings, 'truststore/x509/ca/test'), { recursive: true })
    copyFileSync(own(`${name}-ca.crt`), join(settings, 'truststore/x509/ca/test/ca.crt'))
    const key = { name, keyPath: own(`${name}-sign.key`), certPath: own(`${name}-chain.crt`) }
    writeFileSync(join(settings, 'signingkeys.json'), JSON.stringify({ default: name, keys: [key] }))
    writeFileSync(join(settings, 'trustpolicy.json'), JSON.stringify(policy))
  }
  beforeAll(async () => {
    await makeSigner('ours')
    await makeSigner('theirs')
  })

  onServer('with a registry', (server) => {
    const host = () => new URL(server().url).host
    const refused = async (reference: string) => {
      const { code, err } = await runProgram([notation, 'verify', insecure, reference], options('ours'))
      expect(code).toBe(1)
      return err
    }

    test.each(['jws', 'cose'])('an image is signed (%s) by a referrer, listed, and verified', async (format) => {
      const repository = `notation/${format}`
      const digest = await pushImage(server().url, repository, '1')
      const reference = `${host()}/${repository}@${digest}`
      expect(await refused(reference)).toContain('no signature is associated')
      await run('ours', 'sign', insecure, '--force-referrers-tag=false', '--signature-format', format, reference)
      await run('ours', 'verify', insecure, reference)
      const referrers = await listReferrers(server().url, repository, digest)
      expect(referrers.map(({ artifactType }) => artifactType)).toEqual([signature])
      expect(await run('ours', 'list', insecure, reference)).toContain(String(referrers[0]?.digest))
      expect(await listTags(server().url, repository)).toEqual(['1'])
    })

    test('an image is signed by the older tag', async () => {
      const digest = await pushImage(server().url, 'notation/tagged', '1')
      const reference = `${host()}/notation/tagged@${digest}`
      await run('ours', 'sign', insecure, '--force-referrers-tag=true', reference)
      expect(await listTags(server().url, 'notation/tagged')).toEqual(['1', digest.replace(':', '-')])
      await run('ours', 'verify', insecure, reference)
      const referrers = await listReferrers(server().url, 'notation/tagged', digest)
      expect(referrers.map(({ artifactType }) => artifactType)).toEqual([signature])
    })

    test('a signature of somebody else is refused, until ours stands beside it', async () => {
      const digest = await pushImage(server().url, 'notation/strangers', '1')
      const reference = `${host()}/notation/strangers@${digest}`
      await run('theirs', 'sign', insecure, '--force-referrers-tag=false', reference)
      await run('theirs', 'verify', insecure, reference)
      expect(await refused(reference)).toContain('signature verification failed')
      await run('ours', 'sign', insecure, '--force-referrers-tag=false', reference)
      await run('ours', 'verify', insecure, reference)
      expect((await listReferrers(server().url, 'notation/strangers', digest)).length).toBe(2)
    })
  })
})
