import type { Call, Happening } from './happening.ts'
import type { Observer } from './observer.ts'
import { countWithin, crashed, sawWithin, type Detector } from './detectors.ts'

const isEnd = (happening: Happening): happening is Extract<Happening, { kind: 'end' }> => happening.kind === 'end'
const isOk = (happening: Happening, name: string): happening is Extract<Happening, { kind: 'transaction' }> =>
  happening.kind === 'transaction' && happening.name === name && happening.outcome === 'ok'

const about = ({ keys }: { keys: Call['keys'] }): string => `${keys.repository} ${keys.digest}`

/** From a HEAD that said a blob or manifest is there to the put that relies on it. */
const headToPut = {
  opens: (happening: Happening) =>
    isEnd(happening) && happening.outcome.was === 'ok' && happening.call.operation.endsWith('.head')
      ? { id: `${happening.call.client} ${about(happening.call)}`, about: about(happening.call) }
      : undefined,
  closes: (happening: Happening) =>
    isEnd(happening) && happening.call.operation === 'manifest.put'
      ? happening.call.children.map((child) => `${happening.call.client} ${happening.call.keys.repository} ${child}`)
      : [],
}

const isPush = ({ operation }: Call): boolean => operation === 'upload.whole' || operation === 'upload.finish'

/** From the HEAD that made a client push a blob to the end of its push. */
const headToPush = {
  opens: (happening: Happening) =>
    isEnd(happening) && happening.outcome.was === 'refused' && happening.call.operation === 'blob.head'
      ? { id: `${happening.call.client} ${about(happening.call)}`, about: happening.call.keys.digest ?? '' }
      : undefined,
  closes: (happening: Happening) => (isEnd(happening) && isPush(happening.call) ? [`${happening.call.client} ${about(happening.call)}`] : []),
}

const callOf = (wanted: (call: Call) => string | undefined) => ({
  opens: (happening: Happening) => {
    const found = happening.kind === 'begin' ? wanted(happening.call) : undefined
    return found === undefined || happening.kind !== 'begin' ? undefined : { id: String(happening.call.id), about: found }
  },
  closes: (happening: Happening) => (isEnd(happening) ? [String(happening.call.id)] : []),
})

/** What may go wrong only in this order: each is to be seen often, or the runs have shown nothing about it. */
const table: Readonly<Record<string, (observer: Observer) => Detector>> = {
  'a link is collected between HEAD and the manifest': () =>
    sawWithin(headToPut, (happening) => (isOk(happening, 'collect link') ? about(happening) : undefined)),
  'a blob is collected while it is pushed again': () =>
    sawWithin(headToPush, (happening) => (isOk(happening, 'collect blob') ? happening.keys.digest : undefined)),
  'two commits of one new digest': (observer) =>
    countWithin(
      callOf((call) => (isPush(call) && !observer.hasBlob(call.keys.digest ?? '') ? call.keys.digest : undefined)),
      (happening) => (isOk(happening, 'commit blob') ? happening.keys.digest : undefined),
      2,
    ),
  'an upload expires while it is committed': () =>
    sawWithin(
      callOf((call) => (call.operation === 'upload.finish' ? sessionOf(call) : undefined)),
      (happening) => (isOk(happening, 'expire upload') ? happening.keys.upload : undefined),
    ),
  'a body is overtaken in the same process': () => overtaken((first, second) => first === second, 'begin'),
  'a body is overtaken by another process': () => overtaken((first, second) => first !== second, 'claim'),
  'a crash between the rename and COMMIT': () =>
    crashed(
      (happening) => (happening.kind === 'file' && happening.op === 'rename' && !happening.failed ? objectIn(happening.path) : undefined),
      (happening) => (happening.kind === 'transaction' && happening.name === 'commit blob' ? happening.keys.object : undroppedOf(happening)),
    ),
  'a crash between COMMIT and its reply': () =>
    crashed(
      (happening) => (happening.kind === 'transaction' && happening.outcome === 'ok' ? nameOf(happening) : undefined),
      (happening) => (happening.kind === 'replied' ? nameOf(happening) : undefined),
    ),
  'a child is deleted before its index is put': () =>
    sawWithin(headToPut, (happening) => (isOk(happening, 'delete manifest') ? about(happening) : undefined)),
  'the source of a mount is collected': () =>
    sawWithin(
      {
        opens: headToPut.opens,
        closes: (happening) =>
          isEnd(happening) && happening.call.operation === 'blob.mount'
            ? [`${happening.call.client} ${happening.call.keys.from} ${happening.call.keys.digest}`]
            : [],
      },
      (happening) => (isOk(happening, 'collect link') ? about(happening) : undefined),
    ),
  'damage is found between HEAD and the manifest': () => {
    const digestOnly = (happening: Happening) => {
      const window = headToPut.opens(happening)
      return window === undefined ? undefined : { id: window.id, about: window.about.slice(window.about.indexOf(' ') + 1) }
    }
    return sawWithin({ ...headToPut, opens: digestOnly }, (happening) =>
      isOk(happening, 'mark damaged') && happening.result === true ? happening.keys.digest : undefined,
    )
  },
  'a blob is replaced between two reads, its damage not found': (observer) => {
    const files = new Map<string, string>()
    return sawWithin(
      {
        opens: (happening) => (isRead(happening) ? { id: about(happening.call), about: happening.call.keys.digest ?? '' } : undefined),
        closes: (happening) => (isEnd(happening) && happening.call.operation === 'blob.get' ? [about(happening.call)] : []),
      },
      (happening) => replacedIn(files, observer, happening),
    )
  },
  'two creations of one tag': (observer) =>
    countWithin(
      callOf(({ keys }) => {
        const tag = keys.tags?.[0]
        const isNew = tag !== undefined && keys.repository !== undefined && !observer.hasTag(keys.repository, tag)
        return isNew ? `${keys.repository} ${tag}` : undefined
      }),
      (happening) => (isOk(happening, 'put manifest') ? `${happening.keys.repository} ${happening.keys.tags?.[0]}` : undefined),
      2,
    ),
  'a reader opens a file after its drain': () => {
    const deleted = new Set<string>()
    return (happening) => {
      if (happening.kind !== 'file' || !happening.path.includes('/blobs/')) return 0
      if (happening.op === 'unlink' && !happening.failed) deleted.add(happening.path)
      return happening.failed && ['stat', 'send'].includes(happening.op) && deleted.has(happening.path) ? 1 : 0
    }
  },
}

const isRead = (happening: Happening): happening is Extract<Happening, { kind: 'end' }> =>
  isEnd(happening) && happening.outcome.was === 'ok' && happening.call.operation === 'blob.get'

/** The digest of which a push has just replaced a file that seemed whole. `files`: the object of each digest, as far as known. */
function replacedIn(files: Map<string, string>, observer: Observer, happening: Happening): string | undefined {
  if (happening.kind !== 'transaction' || happening.outcome !== 'ok') return undefined
  const { digest, object } = happening.keys
  if (digest === undefined) return undefined
  if (['collect blob', 'mark damaged'].includes(happening.name)) files.delete(digest)
  if (happening.name !== 'commit blob' || object === undefined || observer.objectOf(digest) !== object) return undefined
  const before = files.get(digest)
  files.set(digest, object)
  return before === undefined || before === object ? undefined : digest
}

const objectIn = (path: string): string | undefined => /\/blobs\/.*\.([^./]+)$/.exec(path)?.[1]
const undroppedOf = (happening: Happening): string | undefined =>
  happening.kind === 'file' && happening.op === 'unlink' ? objectIn(happening.path) : undefined
const nameOf = ({ name, keys }: { name: string; keys: Call['keys'] }): string => `${name} ${JSON.stringify(keys)}`

/** A second body for an upload, or a claim by another process, while the first is still under way. */
function overtaken(who: (first: string, second: string) => boolean, by: 'begin' | 'claim'): Detector {
  const running = new Map<number, { readonly upload: string; readonly process: string; readonly step: number }>()
  return (happening) => {
    if (isEnd(happening)) running.delete(happening.call.id)
    const upload = uploadOf(happening, by)
    const others = [...running.values()].filter((one) => one.upload === upload && who(one.process, happening.process))
    const isBody = happening.kind === 'begin' && ['upload.append', 'upload.finish'].includes(happening.call.operation)
    const session = isBody ? sessionOf(happening.call) : undefined
    if (isBody && session !== undefined) {
      running.set(happening.call.id, { upload: session, process: happening.process, step: happening.step })
    }
    return others.some(({ step }) => happening.step - step >= 2) ? 1 : 0
  }
}

function uploadOf(happening: Happening, by: 'begin' | 'claim'): string | undefined {
  if (by === 'claim') return isOk(happening, 'claim upload') ? happening.keys.upload : undefined
  const isBody = happening.kind === 'begin' && ['upload.append', 'upload.finish'].includes(happening.call.operation)
  return isBody ? sessionOf(happening.call) : undefined
}

/** A client knows a session by its name, which begins with the id that its row has. */
const sessionOf = ({ keys }: Call): string | undefined => keys.upload?.split('.', 1)[0]

export type Interleavings = Readonly<Record<string, number>>

export const namedInterleavings: readonly string[] = Object.keys(table)

/** Counts them while a run goes on. */
export function countInterleavings(observer: Observer) {
  const detectors = Object.entries(table).map(([name, create]) => ({ name, detect: create(observer) }))
  const counts: Record<string, number> = Object.fromEntries(namedInterleavings.map((name) => [name, 0]))
  return {
    counts: counts as Interleavings,
    listen: (happening: Happening): void => {
      for (const { name, detect } of detectors) counts[name] = (counts[name] ?? 0) + detect(happening)
    },
  }
}
