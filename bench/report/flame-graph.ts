import { escape } from './escape.ts'
import type { Frame, Origin } from './flame-tree.ts'

const width = 1000
const margin = 12
const row = 19
const top = 84
/** Of a letter of the font, in pixels. */
const letter = 6.7
/** Of all samples; what is narrower cannot be seen. */
const narrowest = 0.002

const colours: Readonly<Record<Origin, { readonly says: string; readonly light: string; readonly dark: string }>> = {
  berth: { says: 'Berth', light: '#b6d7ff', dark: '#1f4b82' },
  package: { says: 'its packages', light: '#d8c7f5', dark: '#4c3a75' },
  runtime: { says: 'Bun, in JavaScript', light: '#ffdf9e', dark: '#6b4e12' },
  native: { says: 'native', light: '#ffc4b0', dark: '#7a3520' },
  collection: { says: 'garbage collection', light: '#c3e6c3', dark: '#2c5a34' },
}

interface Placed {
  readonly frame: Frame
  readonly depth: number
  /** Samples to the left of it. */
  readonly before: number
}

/**
 * A flame graph that hangs: callers above what they call, as wide as their part of the samples, the widest to the left. It
 * needs no script; a pointer shows whole names where the picture is opened by itself.
 * @param lines the title, and what is to be said below it
 */
export function flameGraph(tree: Frame, [title = '', ...lines]: readonly string[]): string {
  const placed = tree.children.length === 0 ? [] : place(tree)
  const depth = Math.max(0, ...placed.map((one) => one.depth))
  const height = top + (depth + 1) * row + margin
  const size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" aria-labelledby="title text">
<title id="title">${escape(title)}</title>
<desc id="text">${escape(inWords(tree))}</desc>
<style>
  text { font: 11px ui-monospace, monospace; fill: #1f2328 }
  .say { font: 13px system-ui, sans-serif }
  .head { font: 600 15px system-ui, sans-serif }
  .ground { fill: #ffffff; stroke: #d1d9e0 }
${styles('light', '  ')}
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .ground { fill: #0d1117; stroke: #3d444d }
${styles('dark', '    ')}
  }
</style>
<rect class="ground" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="6"/>
<text class="head" x="${margin}" y="24">${escape(title)}</text>
<text class="say" x="${margin}" y="44">${escape(lines.join(' '))}</text>
${legend(placed)}
${placed.map((one) => draw(one, tree.samples)).join('\n')}
</svg>
`
}

function styles(scheme: 'light' | 'dark', indent: string): string {
  return Object.entries(colours).map(([origin, one]) => `${indent}.${origin} { fill: ${one[scheme]} }`).join('\n')
}

/** Of what is there. */
function legend(placed: readonly Placed[]): string {
  let x = margin
  const present = new Set<string>(placed.map(({ frame }) => frame.origin))
  const entries = Object.entries(colours).filter(([origin]) => present.has(origin)).map(([origin, { says }]) => {
    const [left, text] = [x, `<text class="say" x="${x + 18}" y="68">${escape(says)}</text>`]
    x += says.length * 7 + 48
    return `<rect class="${origin}" x="${left}" y="57" width="12" height="12"/>${text}`
  })
  return entries.join('\n')
}

/** Every frame that is wide enough, callers first. */
function place(tree: Frame): Placed[] {
  const placed: Placed[] = [{ frame: tree, depth: 0, before: 0 }]
  // Grows while it is walked.
  for (const { frame, depth, before } of placed) {
    let at = before
    for (const child of frame.children) {
      if (child.samples >= narrowest * tree.samples) placed.push({ frame: child, depth: depth + 1, before: at })
      at += child.samples
    }
  }
  return placed
}

function draw({ frame, depth, before }: Placed, all: number): string {
  const scale = (samples: number): number => Math.round(((samples * (width - 2 * margin)) / all) * 10) / 10
  const [x, y, wide] = [margin + scale(before), top + depth * row, scale(frame.samples)]
  const whole = `${label(frame)}: ${share(frame.samples, all)}`
  const shown = fitting(namesOf(frame, share(frame.samples, all)), Math.floor((wide - 8) / letter))
  const rect = `<rect class="${frame.origin}" x="${x}" y="${y}" width="${Math.max(0.5, wide - 1)}" height="${row - 2}"/>`
  const text = shown === '' ? '' : `<text x="${Math.round((x + 4) * 10) / 10}" y="${y + 12.5}">${escape(shown)}</text>`
  return `<g><title>${escape(whole)}</title>${rect}${text}</g>`
}

/** From the longest to the shortest; of a function without a name its file and line. */
function namesOf(frame: Frame, part: string): string[] {
  const short = frame.name === '' ? frame.file.slice(frame.file.lastIndexOf('/') + 1) : frame.name
  return [`${label(frame)}: ${part}`, label(frame), `${short}: ${part}`, short]
}

/** The first that has no more letters, or as much of the last as there is room for. */
function fitting(texts: readonly string[], letters: number): string {
  const last = texts.at(-1) ?? ''
  return texts.find((text) => text.length <= letters) ?? (letters < 3 ? '' : `${last.slice(0, letters - 1)}…`)
}

function label({ name, file }: Frame): string {
  return [name, file].filter((text) => text !== '').join(' ')
}

function share(samples: number, all: number): string {
  return `${((samples / all) * 100).toFixed(1)} %`
}

/** Where most of the time is spent, for those who do not see it. */
function inWords(tree: Frame): string {
  const own = new Map<string, number>()
  const count = (frame: Frame): void => {
    const below = frame.children.reduce((sum, child) => sum + child.samples, 0)
    own.set(label(frame), (own.get(label(frame)) ?? 0) + frame.samples - below)
    frame.children.forEach(count)
  }
  tree.children.forEach(count)
  const most = [...own].toSorted(([, a], [, b]) => b - a).slice(0, 12)
  const said = most.map(([name, samples]) => `${name} ${share(samples, tree.samples)}`)
  return `Where most of the time is spent, without what is called from there: ${said.join('; ')}.`
}
