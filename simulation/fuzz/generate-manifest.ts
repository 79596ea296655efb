import type { Random } from '../rig/random.ts'

/** A document as somebody could push it, with its Content-Type: most of them manifests or nearly so, many with something odd. */
export function generateManifest(random: Random): { readonly bytes: Uint8Array; readonly contentType: string | null } {
  const document = random.chance(0.5) ? image(random) : index(random)
  for (let left = random.pick([0, 0, 1, 1, 2]); left > 0; left--) disturb(document, random)
  let text = JSON.stringify(document)
  for (let left = random.pick([0, 0, 0, 0, 1, 2]); left > 0; left--) text = garble(text, random)
  const contentType = random.pick(random.chance(0.7) ? [null, '', document['mediaType']] : mediaTypes)
  return { bytes: Buffer.from(text), contentType: typeof contentType === 'string' ? contentType : null }
}

type Document = Record<string, unknown>

const prefix = 'application/vnd.oci.image'
const docker = 'application/vnd.docker.distribution.manifest'
const mediaTypes = [
  `${prefix}.manifest.v1+json`,
  `${prefix}.index.v1+json`,
  `${docker}.v2+json`,
  `${docker}.list.v2+json`,
  `${docker}.v1+json`,
  'application/x+json',
  `${prefix}.manifest.v1+json; charset=utf-8`,
  'application/XHTML+xml',
  'not a type',
  'a/b/c',
  `a/${'b'.repeat(128)}`,
]
const layerTypes = [
  `${prefix}.layer.v1.tar+gzip`,
  `${prefix}.layer.nondistributable.v1.tar`,
  'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
  '',
  'x',
]
const odd = [null, 0, -1, 0.5, 1e300, 2 ** 53, true, '', 'a', '\u0000', '\ud83d\ude00', [], {}, [null], { a: 1 }, { é: 'è' }]
const members =
  'schemaVersion mediaType artifactType config layers manifests subject annotations fsLayers Layers MANIFESTS conﬁg layerſ __proto__ constructor 1 x'.split(
    ' ',
  )

function descriptor(random: Random): Document {
  const digit = random.below(16)
  const made: Document = { mediaType: random.pick(layerTypes), digest: `sha256:${digit.toString(16).repeat(64)}`, size: digit }
  if (random.chance(0.1)) made['digest'] = `sha512:${digit.toString(16).repeat(128)}`
  if (random.chance(0.05))
    made[random.pick(['annotations', 'data', 'urls', 'platform', 'artifactType', 'Digest', 'ſize', 'x'])] = random.pick(odd)
  if (random.chance(0.02))
    made['digest'] = random.pick([`sha256:${'A'.repeat(64)}`, `sha256:${'a'.repeat(63)}`, 'md5:00', 'sha256:', '', 1])
  if (random.chance(0.02)) made['size'] = random.pick([-1, 0.5, 2 ** 53, 1e21, '1', null, 1])
  if (random.chance(0.02)) delete made[random.pick(['mediaType', 'digest', 'size'])]
  return made
}

const list = (random: Random) => Array.from({ length: random.below(5) }, () => descriptor(random))

function image(random: Random): Document {
  return {
    schemaVersion: 2,
    mediaType: random.pick([mediaTypes[0], mediaTypes[2]]),
    config: descriptor(random),
    layers: list(random),
  }
}

function index(random: Random): Document {
  return { schemaVersion: 2, mediaType: random.pick([mediaTypes[1], mediaTypes[3]]), manifests: list(random) }
}

function disturb(document: Document, random: Random): void {
  const name = random.pick(members)
  const changes = [
    () => delete document[random.pick(Object.keys(document))],
    () =>
      Object.defineProperty(document, name, { value: random.pick(odd), enumerable: true, configurable: true, writable: true }),
    () => (document['subject'] = descriptor(random)),
    () => (document['annotations'] = { 'a.b': random.pick(['c', '', 1, null]) }),
    () => (document['artifactType'] = random.pick(['a/b', '', null, 1, 'a'.repeat(256)])),
    () => (document[random.pick(['layers', 'manifests', 'blobs'])] = random.chance(0.7) ? list(random) : random.pick(odd)),
  ]
  random.pick(changes)()
}

/** What JSON.stringify never writes: names twice, escapes, blanks, raw and wrong characters, numbers in other forms. */
function garble(text: string, random: Random): string {
  const at = random.below(text.length + 1)
  const changes = [
    () => text.slice(0, at) + random.pick(' \n\t"{}[],:\\0-1eE.u\u0000\u001f\u007f\ufeff'.split('')) + text.slice(at),
    () => text.slice(0, at) + text.slice(at + 1),
    () => text.replace('{', `{"${random.pick(members)}":${JSON.stringify(random.pick(odd))},`),
    () => text.replace(/"(\w)/, (_, letter: string) => `"\\u00${letter.charCodeAt(0).toString(16)}`),
    () =>
      text.replace(
        /:(\d)/,
        (_, digit: string) =>
          `:${random.pick([`${digit}.0`, `${digit}e0`, `0${digit}`, `-${digit}`, `+${digit}`, `${digit}e400`])}`,
      ),
    () => text.replace(/([,:])/, '$1 \n'),
    () => text + random.pick([' ', 'x', '{}', '\u0000', ',']),
    () => text.replace('"', '"\\ud800'),
  ]
  return random.pick(changes)()
}
