/** What is used of a `.cpuprofile`, as `/debug/profile` gives it. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: CallFrame
    readonly children?: readonly number[]
  }[]
  /** The node that ran at each moment that was looked at. */
  readonly samples: readonly number[]
}

interface CallFrame {
  readonly functionName: string
  readonly url: string
  /** From 0. */
  readonly lineNumber: number
}

/** Whose code it is. */
export type Origin = 'berth' | 'package' | 'runtime' | 'native' | 'collection'

export interface Frame {
  readonly name: string
  /** As `src/http/pipeline.ts`, `node:fs`, with the line where a function has no name; empty for what has no file. */
  readonly file: string
  readonly origin: Origin
  /** Seen in it, or in what it called. */
  readonly samples: number
  /** Those with most samples first. */
  readonly children: readonly Frame[]
}

type Growing = Omit<Frame, 'samples' | 'children'> & { samples: number; readonly children: Map<string, Growing> }

/**
 * The calls of a profile as one tree, in which calls of the same function by the same function are one frame. A function that
 * called itself is one frame too: the engine shows an async function as two.
 * @param checkout the folder below which files are named
 */
export function flameTree({ nodes, samples }: CpuProfile, checkout: string): Frame {
  const hits = new Map<number, number>()
  for (const id of samples) hits.set(id, (hits.get(id) ?? 0) + 1)
  const known = new Map(nodes.map((node) => [node.id, node]))
  const root: Growing = { name: 'all', file: '', origin: 'berth', samples: 0, children: new Map() }

  const add = (id: number, parent: Growing): number => {
    const node = known.get(id)
    if (node === undefined) throw new Error(`the profile has no node ${id}`)
    const frame = frameIn(parent, node.callFrame, checkout)
    const count = (node.children ?? []).reduce((sum, child) => sum + add(child, frame), hits.get(id) ?? 0)
    if (frame !== parent) frame.samples += count
    return count
  }
  const [first] = nodes
  root.samples = (first?.children ?? []).reduce((sum, child) => sum + add(child, root), 0)
  return settled(root)
}

function frameIn(parent: Growing, { functionName, url, lineNumber }: CallFrame, checkout: string): Growing {
  const path = fileOf(url, checkout)
  const origin = originOf(functionName, path)
  const name = nameOf(functionName, origin)
  const file = name === '' ? `${path}:${lineNumber + 1}` : path
  if (parent.name === name && parent.file === file) return parent
  const key = `${name} ${file}`
  const frame = parent.children.get(key) ?? { name, file, origin, samples: 0, children: new Map<string, Growing>() }
  parent.children.set(key, frame)
  return frame
}

function settled({ children, ...frame }: Growing): Frame {
  return { ...frame, children: [...children.values()].map(settled).toSorted((a, b) => b.samples - a.samples) }
}

/** Below the checkout, or the name alone: nothing of the machine it was taken on. What is part of the runtime keeps its name. */
export function fileOf(url: string, checkout: string): string {
  if (/^(node|bun|internal):/.test(url)) return url
  const path = url.replace(/^file:\/\//, '')
  const packages = path.lastIndexOf('/node_modules/')
  if (packages >= 0) return path.slice(packages + 1)
  if (path.startsWith(`${checkout}/`)) return path.slice(checkout.length + 1)
  return path.slice(path.lastIndexOf('/') + 1)
}

function originOf(functionName: string, file: string): Origin {
  if (/garbage collect/i.test(functionName)) return 'collection'
  if (file === '') return 'native'
  if (file.startsWith('node_modules/')) return 'package'
  return /^[a-z]+:/.test(file) ? 'runtime' : 'berth'
}

function nameOf(functionName: string, origin: Origin): string {
  if (origin === 'collection') return 'garbage collection'
  if (functionName !== '') return origin === 'native' ? `${functionName} (native)` : functionName
  return origin === 'native' ? 'native code' : ''
}
