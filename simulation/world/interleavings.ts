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

/** From the look at something in the trash to the end of its restore. */
const lookToRestore = (aboutOf: (keys: Call['keys']) => string | undefined) => ({
  opens: (happening: Happening) => {
    if (!isEnd(happening) || happening.outcome.was !== 'ok' || happening.call.operation !== 'trash.show') return undefined
    const { client, keys } = happening.call
    const found = aboutOf(keys)
    return found === undefined ? undefined : { id: `${client} ${keys.trash}`, about: found }
  },
  closes: (happening: Happening) =>
    isEnd(happening) && happening.call.operation === 'trash.restore' ? [`${happening.call.client} ${happening.call.keys.trash}`] : [],
})

const trashOf = ({ trash }: Call['keys']): string | undefined => (trash === undefined ? undefined : String(trash))
const tagOf = ({ repository, tags }: Call['keys']): string => `${repository} ${tags?.[0]}`

/** From a call of one kind to one of another, both by one client about one thing. */
const between = (first: Call['operation'], last: Call['operation'], aboutOf: (keys: Call['keys']) => string) => ({
  opens: (happening: Happening) => {
    if (!isEnd(happening) || happening.outcome.was !== 'ok' || happening.call.operation !== first) return undefined
    const named = aboutOf(happening.call.keys)
    return { id: `${happening.call.client} ${named}`, about: named }
  },
  closes: (happening: Happening) =>
    isEnd(happening) && happening.call.operation === last ? [`${happening.call.client} ${aboutOf(happening.call.keys)}`] : [],
})

const digestOf = ({ repository, digest }: Call['keys']): string => `${repository} ${digest}`

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
  'the collector ends what is about to be restored': () =>
    sawWithin(lookToRestore(trashOf), (happening) => (isOk(happening, 'collect trash') && happening.result === 'purged' ? trashOf(happening.keys) : undefined)),
  'somebody purges what is about to be restored': () =>
    sawWithin(lookToRestore(trashOf), (happening) => (isOk(happening, 'purge trash') ? trashOf(happening.keys) : undefined)),
  'two restores of one thing': () =>
    countWithin(
      lookToRestore(trashOf),
      (happening) => (happening.kind === 'transaction' && happening.name === 'restore trash' ? trashOf(happening.keys) : undefined),
      2,
    ),
  'a manifest is pushed again before it is restored': () =>
    sawWithin(
      lookToRestore((keys) => (keys.kind === 'manifest' ? digestOf(keys) : undefined)),
      (happening) => (isOk(happening, 'put manifest') ? `${happening.keys.repository} ${String((happening.result as { digest?: unknown }).digest)}` : undefined),
    ),
  'a tag is made while its namesake is to be restored': () =>
    sawWithin(
      lookToRestore((keys) => (keys.kind === 'tag' ? tagOf(keys) : undefined)),
      (happening) => (isOk(happening, 'put manifest') || isOk(happening, 'revert tag') ? tagOf(happening.keys) : undefined),
    ),
  'the collector comes for what only the trash holds': (observer) => (happening) =>
    isOk(happening, 'collect link') && happening.result === 'kept' && observer.lifecycle.isHeldByTrash(happening.keys.repository ?? '', happening.keys.digest ?? '') ? 1 : 0,
  'the rule comes for a manifest that was named again': () => (happening) => (isOk(happening, 'collect manifest') && happening.result === 'kept' ? 1 : 0),
  'a tag moves between the look at its history and its revert': () =>
    sawWithin(between('tag.history', 'tag.revert', tagOf), (happening) =>
      isOk(happening, 'put manifest') || isOk(happening, 'delete tag') ? tagOf(happening.keys) : undefined,
    ),
  'what a tag is reverted to is deleted': () =>
    sawWithin(between('manifest.head', 'tag.revert', digestOf), (happening) => (isOk(happening, 'delete manifest') ? digestOf(happening.keys) : undefined)),
  'another repository takes the path before the first one is restored': () => (happening) =>
    happening.kind === 'transaction' && happening.outcome === 'refused' && happening.result === 'REPOSITORY_EXISTS' ? 1 : 0,
  'two workers come for one job': () => (happening) => (isOk(happening, 'claim job') && happening.result === null ? 1 : 0),
  'a job is taken over after its lease': () => {
    const running = new Set<number>()
    return (happening) => {
      const { job = 0 } = happening.kind === 'transaction' ? happening.keys : {}
      if (isOk(happening, 'end job run')) running.delete(job)
      if (!isOk(happening, 'claim job') || happening.result === null) return 0
      const isTakenOver = running.has(job)
      running.add(job)
      return isTakenOver ? 1 : 0
    }
  },
  'a run goes on after it has lost its job': () => (happening) =>
    happening.kind === 'transaction' && happening.name !== 'end job run' && happening.result === 'JOB_RUN_LOST' ? 1 : 0,
  'a crash while a job runs': () =>
    crashed(
      (happening) => (isOk(happening, 'claim job') && happening.result !== null ? String(happening.keys.job) : undefined),
      (happening) => (isOk(happening, 'end job run') ? String(happening.keys.job) : undefined),
    ),
  'a job is cancelled while it runs': () => (happening) => (isOk(happening, 'cancel job') && happening.result === 'running' ? 1 : 0),
  'a job is queued again before it has ended': () => (happening) =>
    isOk(happening, 'queue job') && (happening.result as { added?: unknown }).added === false ? 1 : 0,
  'two looks see one schedule come due': () => (happening) => (isOk(happening, 'fire schedule') && happening.result === null ? 1 : 0),
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

/** Those that only some seeds can have. */
export const rareInterleavings: ReadonlySet<string> = new Set([
  'the collector ends what is about to be restored',
  'somebody purges what is about to be restored',
  'two restores of one thing',
  'a manifest is pushed again before it is restored',
  'a tag is made while its namesake is to be restored',
  'a tag moves between the look at its history and its revert',
  'what a tag is reverted to is deleted',
])

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
