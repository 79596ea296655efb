import type { Key } from './keys.ts'
import type { Problem, Source } from './problem.ts'

/** The text of one key as one source gives it. `file` says that the text names a file that holds the value. */
export interface Setting {
  readonly key: Key
  readonly text: string
  readonly source: Source
  readonly file: boolean
}

/** What one source gives: its settings by the path of their key, and its mistakes. */
export interface Layer {
  readonly settings: ReadonlyMap<string, Setting>
  readonly problems: readonly Problem[]
}

/** A layer while it is being read. */
export interface MutableLayer extends Layer {
  add(setting: Setting): void
  report(problem: Problem): void
}

/** Gathers a layer. A secret given twice, as text and as a file, is a mistake: there is no telling which one was meant. */
export function createLayer(): MutableLayer {
  const settings = new Map<string, Setting>()
  const problems: Problem[] = []
  return {
    settings,
    problems,
    add(setting) {
      const { path } = setting.key
      const earlier = settings.get(path)
      if (earlier === undefined) {
        settings.set(path, setting)
        return
      }
      const code = earlier.file === setting.file ? 'duplicate-key' : 'secret-twice'
      problems.push({ source: setting.source, code, values: { key: path } })
    },
    report(problem) {
      problems.push(problem)
    },
  }
}
