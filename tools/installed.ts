import { accessSync, constants, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { type Component, componentNamed } from './components.ts'

/** The path of a program of components.ts, or undefined where it is not installed or cannot run. */
export function findTool(name: string): string | undefined {
  return findComponent(componentNamed(name))
}

export function findComponent({ name, install, folders = [], root = false }: Component): string | undefined {
  if (root && !isRoot()) return undefined
  const own = 'go' in install ? [cacheFolder(name, install.version)] : folders.flatMap(expand)
  return findProgram(name, own)
}

/** The path of any program, in the given folders first and then in PATH. */
export function findProgram(name: string, folders: readonly string[] = []): string | undefined {
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  return [...folders, ...path].map((folder) => join(folder, name)).find(isExecutable)
}

/** Where a Go program of that version is kept between runs: outside the checkout, never in GOPATH/bin. */
export function cacheFolder(name: string, version: string): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'berth/tools', `${name}-${version}`)
}

export function isRoot(): boolean {
  return process.getuid?.() === 0
}

function expand(pattern: string): string[] {
  const [before, after] = pattern.split('*')
  if (before === undefined || after === undefined) return [pattern]
  const names = isReadable(before) ? readdirSync(before) : []
  return names.sort((a, b) => b.localeCompare(a, 'en', { numeric: true })).map((name) => before + name + after)
}

function isExecutable(path: string): boolean {
  return isReadable(path, constants.X_OK)
}

function isReadable(path: string, mode = constants.R_OK): boolean {
  try {
    accessSync(path, mode)
    return true
  } catch {
    return false
  }
}
