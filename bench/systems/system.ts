import type { Artifact, Content } from '../load/index.ts'

export type SystemId = 'berth' | 'nginx' | 'bare' | 'docker-registry' | 'distribution' | 'zot' | 'olareg'

/** Those that are no registries: they show limits, and are not said to be better. */
export const limits: readonly SystemId[] = ['nginx', 'bare']

/** A program to measure, as data. Another one is another file and a line in index.ts. */
export interface System {
  readonly id: SystemId
  readonly name: string
  /** Its program, by name or path, and the flags that make it say its version. */
  readonly version: readonly string[]
  /** How to get it where it is missing. */
  readonly install: string
  /** What a reader must know to compare: what is on, what is off, what an acknowledged push survives. */
  readonly facts: string
  /** Files it is started with, by their path in the folder. */
  readonly files: (place: Place) => Readonly<Record<string, string>>
  readonly command: (place: Place) => readonly string[]
  /** A path that is answered with 200 once it serves. */
  readonly ready: string
  /** Makes it hold an artifact, under its digest and under a tag. */
  readonly hold: (place: Place, repository: string, artifact: Artifact, tag?: string) => Promise<void>
  /** Writes tags of a manifest that it holds into its storage while it does not run. Without it they are pushed. */
  readonly layTags?: (folder: string, repository: string, manifest: Content, tags: readonly string[]) => void
}

export interface Login {
  readonly user: string
  readonly password: string
}

/** Where a system runs: a folder of its own and a port of 127.0.0.1. Text, so that the page can show it with names instead. */
export interface Place {
  readonly folder: string
  readonly port: string
  /** Files of its certificate and key, where it is to speak TLS. */
  readonly tls?: { readonly certificate: string; readonly key: string }
  /** Who may do everything, where it is to ask who it is. */
  readonly login?: Login
  /** Of Berth: YAML beyond what it does by default. */
  readonly settings?: string
  /** Where Berth shows its metrics, if it is to. */
  readonly metrics?: string
}
