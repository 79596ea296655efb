import { expect } from 'bun:test'
import { berth, type Group } from '../checks/check.ts'
import { digestOf } from '../digest.ts'
import { jsonOf, textOf } from './client.ts'
import { types } from './content.ts'

const checks = [
  berth('discover', 'the extensions can be discovered, and each of their addresses answers', [], async (client) => {
    const answer = await client.send('GET', '/v2/_oci/ext/discover')
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json'])
    const { extensions } = jsonOf(answer) as { extensions: { name: string; url: string; endpoints: string[] }[] }
    expect(extensions.map(({ name }) => name)).toContain('_oci')
    for (const { name, url: document, endpoints } of extensions) {
      expect([name.startsWith('_'), URL.canParse(document), endpoints.length > 0]).toEqual([true, true, true])
      for (const endpoint of endpoints) expect((await client.send('GET', endpoint)).status).toBe(200)
    }
    expect((await client.send('GET', `/v2/${client.repository()}/_oci/ext/discover`)).status).toBe(404)
  }),

  berth('head', 'HEAD answers as GET does, everywhere', [], async (client) => {
    const repository = client.repository()
    const digest = await client.putManifest(repository, 'v1', '{"schemaVersion":2,"manifests":[]}', types.index)
    const blob = await client.pushBlob(repository, 'a blob')
    const session = await client.startUpload(repository)
    const there = ['manifests/v1', `manifests/${digest}`, `blobs/${blob}`, 'tags/list', 'tags/list?n=0', `referrers/${digest}`]
    const missing = ['manifests/v2', `blobs/${digestOf('none')}`, 'blobs/uploads/none', 'manifests/sha256:x']
    const paths = ['/v2/', '/v2', '/v2/_oci/ext/discover', '/v2/_catalog?n=0', session, ...[...there, ...missing].map((rest) => `/v2/${repository}/${rest}`)]
    for (const path of paths) {
      const [get, head] = [await client.send('GET', path), await client.send('HEAD', path)]
      expect([path, head.status, textOf(head)]).toEqual([path, get.status, ''])
      for (const name of ['content-type', 'content-length', 'docker-content-digest', 'etag', 'location', 'range', 'link', 'oci-filters-applied']) {
        expect([path, name, head.headers.get(name)]).toEqual([path, name, get.headers.get(name)])
      }
    }
  }),

  // containerd names the registry that a mirror stands for. Nothing is fetched from elsewhere, so it changes nothing and is not confirmed.
  berth('ns', 'ns changes nothing and is not confirmed', [], async (client) => {
    const repository = client.repository()
    const digest = await client.putManifest(repository, 'v1', '{"schemaVersion":2,"manifests":[]}', types.index)
    const blob = await client.pushBlob(repository, 'a blob')
    for (const rest of ['manifests/v1', `manifests/${digest}`, `blobs/${blob}`, 'tags/list', `referrers/${digest}`]) {
      for (const ns of ['docker.io', 'quay.io:443', '', '%00']) {
        const [plain, asked] = [await client.send('GET', `/v2/${repository}/${rest}`), await client.send('GET', `/v2/${repository}/${rest}?ns=${ns}`)]
        expect([asked.status, textOf(asked), asked.headers.has('oci-namespace')]).toEqual([200, textOf(plain), false])
      }
    }
  }),

  berth('obsolete', 'an obsolete manifest is kept as it is, with a warning', [], async (client) => {
    const repository = client.repository()
    const obsolete = 'application/vnd.oci.artifact.manifest.v1+json'
    const subject = { mediaType: types.manifest, digest: digestOf('a subject'), size: 9 }
    const text = JSON.stringify({ mediaType: obsolete, artifactType: 'a/b', blobs: [], subject })
    const put = await client.send('PUT', `/v2/${repository}/manifests/v1`, { headers: { 'content-type': obsolete }, body: text })
    expect(put.status).toBe(201)
    expect(put.headers.get('warning')).toMatch(/^299 - "[ -~]+"$/)
    expect(put.headers.get('warning')?.length).toBeLessThanOrEqual(4096)
    expect(put.headers.get('oci-subject')).toBe(subject.digest)
    expect(textOf(await client.send('GET', `/v2/${repository}/manifests/v1`))).toBe(text)
    const usual = await client.send('PUT', `/v2/${repository}/manifests/v2`, { headers: { 'content-type': types.index }, body: '{"schemaVersion":2,"manifests":[]}' })
    expect(usual.headers.has('warning')).toBe(false)
  }),
]

export const extensions: Group = {
  id: 'extensions',
  name: { en: 'Extensions, HEAD and warnings', 'zh-CN': '扩展、HEAD 与警告' },
  section: 'distribution-spec: Extensions, Warnings',
  checks,
}
