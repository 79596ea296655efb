import type { Fact } from './facts.ts'
import { operation, type Operation } from './operation.ts'
import { actor, bytes, contentSha256, drain, ids, layer, layerBytes, lease, may, repository, type State } from './rows.ts'

interface Commit {
  /** Says that the present object was just seen whole. */
  readonly evidence?: boolean
  readonly inline?: boolean
  /** All bytes came with the closing request: the session has no row. */
  readonly whole?: boolean
  readonly states: readonly State[]
}

function commit(name: string, { evidence = false, inline = false, whole = false, states }: Commit): Operation {
  return operation(name, {
    subject: 'blob commit',
    transaction: 'commit blob',
    input: (side) => {
      const id = side === 0 ? 'first' : 'second'
      const held = inline ? { inline: layerBytes } : { objectId: id, key: `blobs/${id}` }
      const found = evidence ? { objectId: 'present' } : undefined
      const bytesOf = { digest: layer, size: 10, bytes: held, evidence: found }
      return { id, repository, identity: undefined, actor, may, epoch: whole ? 0 : 1, ...bytesOf, lease, drain }
    },
    states,
    promises: ['the layer is here', 'the layer is leased'],
    undoes: ['the layer is gone'],
    refusedWhenFrozen: true,
  })
}

interface Put {
  readonly content: keyof typeof bytes
  readonly children: readonly { readonly digest: string; readonly kind: string }[]
  readonly tagged?: boolean
  readonly subject?: string
  /** What it names may be missing, and nothing is promised of it. */
  readonly sparse?: boolean
  readonly precondition?: { readonly match?: readonly string[]; readonly noneMatch?: 'any' }
  /** Who asks when there is no project yet, and administers it then. */
  readonly maker?: { readonly project: null; readonly maker: { readonly kind: 'account'; readonly id: number } }
  readonly states: readonly State[]
}

const tagFacts: readonly Fact[] = ['v1 is manifest', 'v1 is other', 'v1 is plain', 'v1 is gone']

function put(name: string, { content, children, tagged = false, subject, sparse = false, precondition, maker, states }: Put): Operation {
  const here: Fact[] = sparse ? [`${content} is here`] : [`${content} is here`, `${content} is closed`]
  const tag = `v1 is ${content}` as Fact
  return operation(name, {
    subject: tagged ? 'tag create' : 'manifest put',
    transaction: 'put manifest',
    input: () => ({
      repository,
      actor,
      may: { ...may, ...maker },
      digest: `sha256:${content}`,
      contentSha256: contentSha256(bytes[content]),
      bytes: bytes[content],
      mediaType: 'a/manifest',
      artifactType: undefined,
      subject,
      annotations: {},
      children: children.map((child) => ({ ...child, required: !sparse })),
      tags: tagged ? [{ name: 'v1', mayCreate: true, mayMove: true }] : [],
      precondition,
    }),
    states,
    promises: tagged ? [...here, tag] : here,
    undoes: ['manifest is gone', ...(tagged ? tagFacts.filter((fact) => fact !== tag) : [])],
    refusedWhenFrozen: true,
  })
}

const theLayer = [{ digest: layer, kind: 'layer' }]
const theManifest = [{ digest: 'sha256:manifest', kind: 'child' }]

export const pushOperations: readonly Operation[] = [
  commit('commit blob', {
    states: [
      'the layer is new',
      'the session has not told of its object',
      'the lease is over',
      'the layer is damaged',
      'the layer has no link',
      'the layer is elsewhere',
      'a manifest refers to the layer',
      'a manifest refers to the hidden layer',
      'a manifest waits for the layer',
      'a manifest waits for the layer, which is elsewhere',
      'the layer is in the trash',
      'the layer is in the trash and nothing refers to it',
      'the project is being deleted',
    ],
  }),
  commit('commit blob that is there', {
    evidence: true,
    states: ['the lease is over', 'the layer is damaged', 'the layer has no link', 'a manifest refers to the layer'],
  }),
  commit('commit inline blob', {
    inline: true,
    states: ['the layer is new', 'the layer has no link', 'a manifest refers to the layer'],
  }),
  commit('commit whole blob', {
    inline: true,
    whole: true,
    states: [
      'nothing is there',
      'the repository is not there',
      'the layer is new',
      'the layer has no link',
      'a manifest refers to the layer',
      'the repository is in the trash',
    ],
  }),
  operation('mount', {
    subject: 'mount',
    transaction: 'mount blob',
    input: () => ({ repository, from: 'team/base', digest: layer, actor, may, lease }),
    states: [
      'nothing names the manifest',
      'the repository is not there',
      'the layer is elsewhere',
      'the layer is here and elsewhere',
      'a manifest refers to the layer',
      'a manifest refers to the hidden layer',
      'a manifest waits for the layer, which is elsewhere',
      'the layer is in the trash',
      'the layer is in the trash and nothing refers to it',
    ],
    promises: ['the layer is here', 'the layer is leased'],
    undoes: ['the layer is gone'],
    refusedWhenFrozen: true,
  }),
  put('put manifest', {
    content: 'manifest',
    children: theLayer,
    states: [
      'nothing names the manifest',
      'nothing names the index',
      'the layer is new',
      'the lease is over',
      'the layer is damaged',
      'the layer has no link',
      'the layer is elsewhere',
      'a manifest refers to the layer',
      'a manifest refers to the hidden layer',
      'an index refers to the manifest',
      'the manifest was deleted',
      'the manifest is in the trash',
      'the manifest and its referrer are in the trash',
      'the layer is in the trash',
      'the layer is in the trash and nothing refers to it',
      'the project was renamed',
      'the project is being deleted',
    ],
  }),
  put('put sparse manifest', {
    content: 'manifest',
    children: theLayer,
    sparse: true,
    states: [
      'the layer is new',
      'the lease is over',
      'the layer is damaged',
      'the layer has no link',
      'the layer is elsewhere',
      'a manifest refers to the hidden layer',
      'a manifest waits for the layer',
      'a manifest waits for the layer, which is elsewhere',
    ],
  }),
  put('put sparse index', {
    content: 'index',
    children: theManifest,
    sparse: true,
    states: ['the manifest was deleted', 'the manifest is in the trash', 'a manifest refers to the layer', 'an index refers to the manifest'],
  }),
  put('put index', {
    content: 'index',
    children: theManifest,
    states: ['nothing names the manifest', 'nothing names the index', 'a manifest refers to the layer', 'the manifest is in the trash', 'an index refers to the manifest'],
  }),
  put('put referrer', {
    content: 'plain',
    children: [],
    subject: 'sha256:manifest',
    states: ['nothing names the manifest', 'a manifest refers to the layer', 'the manifest was deleted'],
  }),
  put('create tag', {
    content: 'manifest',
    children: theLayer,
    tagged: true,
    states: [
      'nothing names the manifest',
      'nothing names the index',
      'the lease is over',
      'the layer has no link',
      'a manifest refers to the layer',
      'two manifests refer to the layer',
      'the manifest was deleted',
      'the manifest is in the trash',
    ],
  }),
  put('create tag on another', {
    content: 'other',
    children: theLayer,
    tagged: true,
    states: ['the lease is over', 'two manifests refer to the layer', 'the tag is in the trash', 'the manifest and its referrer are in the trash'],
  }),
  put('create tag in a new repository', {
    content: 'plain',
    children: [],
    tagged: true,
    states: ['nothing is there', 'the repository is not there'],
  }),
  put('create tag in a project of one\'s own', {
    content: 'plain',
    children: [],
    tagged: true,
    maker: { project: null, maker: { kind: 'account', id: 1 } },
    states: ['nothing is there', 'the project was renamed', 'a manifest refers to the layer'],
  }),
  put('create tag where there is none', {
    content: 'manifest',
    children: theLayer,
    tagged: true,
    precondition: { noneMatch: 'any' },
    states: ['the lease is over', 'a manifest refers to the layer', 'the manifest was deleted'],
  }),
  put('move tag from the other', {
    content: 'plain',
    children: [],
    tagged: true,
    precondition: { match: ['sha256:other'] },
    states: ['a manifest refers to the layer', 'two manifests refer to the layer'],
  }),
  put('put manifest where there is none', {
    content: 'manifest',
    children: theLayer,
    precondition: { noneMatch: 'any' },
    states: ['the lease is over', 'a manifest refers to the layer', 'the manifest was deleted'],
  }),
  operation('renew lease', {
    subject: 'HEAD renewal',
    transaction: 'renew lease',
    input: () => ({ repositoryId: ids.app, blobId: ids.layer, lease }),
    states: [
      'the layer is leased',
      'the lease is over',
      'the layer is elsewhere',
      'the layer is here and elsewhere',
      'a manifest refers to the layer',
      'the project is being deleted',
    ],
    promises: ['the layer is leased'],
    records: () => false,
  }),
]
