import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { onServer } from '../for-each-server.ts'
import { createClient, jsonOf } from '../oci/client.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { createCosign, type Cosign } from './cosign-key.ts'
import { describeTools } from './describe-tools.ts'
import { listReferrers, listTags } from './list-referrers.ts'
import { pushImage } from './push-image.ts'

setDefaultTimeout(120_000)

const bundle = 'application/vnd.dev.sigstore.bundle.v0.3+json'

describeTools(['cosign'], (paths) => {
  const folder = temporaryFolder()
  let [ours, theirs]: Cosign[] = []
  const signer = (one: Cosign | undefined): Cosign => {
    if (one === undefined) throw new Error('the keys are made only while tests run')
    return one
  }
  beforeAll(async () => {
    ours = await createCosign(paths.cosign, join(folder.path, 'ours'))
    theirs = await createCosign(paths.cosign, join(folder.path, 'theirs'))
  })
  afterAll(folder.remove)

  onServer('with a registry', (server) => {
    const host = () => new URL(server().url).host

    test('a bundle refers to the image it signs, and no tag is made', async () => {
      const digest = await pushImage(server().url, 'cosign/bundle', '1')
      const reference = `${host()}/cosign/bundle@${digest}`
      const refused = await signer(ours).verify(reference, 'bundle')
      expect(refused).toMatchObject({ code: 10, err: expect.stringContaining('no signatures') })
      await signer(ours).sign(reference, 'bundle')
      expect((await signer(ours).verify(reference, 'bundle')).code).toBe(0)
      const [signature, ...others] = await listReferrers(server().url, 'cosign/bundle', digest)
      expect([signature?.artifactType, others]).toEqual([bundle, []])
      expect(signature?.annotations).toMatchObject({ 'dev.sigstore.bundle.predicateType': 'https://sigstore.dev/cosign/sign/v1' })
      expect(await listTags(server().url, 'cosign/bundle')).toEqual(['1'])
    })

    test('an attestation is found beside the signature', async () => {
      const digest = await pushImage(server().url, 'cosign/attested', '1')
      const reference = `${host()}/cosign/attested@${digest}`
      await signer(ours).sign(reference, 'bundle')
      await signer(ours).attest(reference)
      const words = ['--key', signer(ours).publicKey, '--insecure-ignore-tlog=true', '--allow-http-registry', '--type', 'custom']
      const verified = JSON.parse(await signer(ours).run('verify-attestation', ...words, reference)) as { payload: string }
      expect(JSON.parse(Buffer.from(verified.payload, 'base64').toString())).toMatchObject({ predicate: { Data: '{"a":1}' } })
      expect((await listReferrers(server().url, 'cosign/attested', digest)).length).toBe(2)
      expect((await signer(ours).verify(reference, 'bundle')).code).toBe(0)
    })

    test('the older layout: a tag of the digest, moved by a second signature', async () => {
      const digest = await pushImage(server().url, 'cosign/tagged', '1')
      const reference = `${host()}/cosign/tagged@${digest}`
      const tag = `${digest.replace(':', '-')}.sig`
      const layers = async () => {
        const manifest = jsonOf(await createClient(server().url).send('GET', `/v2/cosign/tagged/manifests/${tag}`))
        return (manifest as { layers: { mediaType: string }[] }).layers.map(({ mediaType }) => mediaType)
      }
      const payload = 'application/vnd.dev.cosign.simplesigning.v1+json'
      await signer(theirs).sign(reference, 'tag')
      expect(await layers()).toEqual([payload])
      expect(await listTags(server().url, 'cosign/tagged')).toEqual(['1', tag])
      const refused = await signer(ours).verify(reference, 'tag')
      expect(refused).toMatchObject({ code: 12, err: expect.stringContaining('invalid signature') })
      await signer(ours).sign(reference, 'tag')
      expect(await layers()).toEqual([payload, payload])
      for (const one of [ours, theirs]) expect((await signer(one).verify(reference, 'tag')).code).toBe(0)
    })

    test('an image is saved to a folder with its signature, loaded elsewhere, and verified there', async () => {
      const digest = await pushImage(server().url, 'cosign/saved', '1')
      await signer(ours).sign(`${host()}/cosign/saved@${digest}`, 'tag')
      await signer(ours).run('save', '--allow-http-registry', '--dir', 'saved', `${host()}/cosign/saved:1`)
      await signer(ours).run('load', '--allow-http-registry', '--dir', 'saved', `${host()}/cosign/loaded:1`)
      expect((await signer(ours).verify(`${host()}/cosign/loaded@${digest}`, 'tag')).code).toBe(0)
    })
  })
})
