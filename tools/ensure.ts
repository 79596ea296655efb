import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Component } from './components.ts'
import { cacheFolder, findComponent, findProgram, isRoot } from './installed.ts'

export interface Missing {
  readonly component: Component
  readonly reason: string
}

/** Installs what is not there, as far as this machine allows, and returns what stays missing. A no-op when all is there. */
export async function ensure(wanted: readonly Component[]): Promise<Missing[]> {
  const absent = wanted.filter((component) => findComponent(component) === undefined)
  const reasons = new Map<Component, string | undefined>()
  const debian = absent.filter(({ install }) => 'apt' in install)
  if (debian.length > 0) {
    const reason = await installFromDebian(debian)
    for (const component of debian) reasons.set(component, reason)
  }
  for (const component of absent.filter(({ install }) => 'go' in install)) {
    reasons.set(component, await installFromGo(component))
  }
  return absent
    .filter((component) => findComponent(component) === undefined)
    .map((component) => ({ component, reason: reasons.get(component) ?? 'installed, but its program is not where it should be' }))
}

/** Returns why it did not work, or undefined. */
async function installFromDebian(missing: readonly Component[]): Promise<string | undefined> {
  const packages = [...new Set(missing.flatMap(({ install }) => ('apt' in install ? [install.apt] : [])))]
  const byHand = `apt-get install ${packages.join(' ')}`
  if (findProgram('apt-get') === undefined) return 'not Debian'
  if (!isRoot()) return `not root (as root: ${byHand})`
  console.error(`setting up: ${byHand}`)
  return run([join(import.meta.dir, 'apt-install.sh'), ...packages], '/')
}

/**
 * Builds inside a module of its own: `go install` also asks the proxy for a module's list of versions, which a proxy may refuse.
 * The folder is named at the end, so that an interrupted build is never taken for a finished one.
 */
async function installFromGo({ name, install }: Component): Promise<string | undefined> {
  if (!('go' in install)) throw new Error(`${name} is not a Go program`)
  const go = findProgram('go', ['/usr/local/go/bin'])
  if (go === undefined) return 'no go on this machine'
  const what = `${install.go}@${install.version}`
  console.error(`setting up: go build ${what}`)
  const final = cacheFolder(name, install.version)
  mkdirSync(dirname(final), { recursive: true })
  const building = mkdtempSync(join(dirname(final), `.${basename(final)}-`))
  try {
    const reason =
      (await run([go, 'mod', 'init', 'berth.invalid/tool'], building)) ??
      (await run([go, 'get', what], building)) ??
      (await run([go, 'build', '-o', name, install.go], building))
    if (reason === undefined) {
      rmSync(final, { recursive: true, force: true })
      renameSync(building, final)
    }
    return reason
  } finally {
    rmSync(building, { recursive: true, force: true })
  }
}

/** Returns the command's last words when it fails; all of its words go to the terminal then. */
async function run(command: readonly string[], folder: string): Promise<string | undefined> {
  const child = Bun.spawn([...command], { cwd: folder, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' })
  const [output, errors, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  if (code === 0) return undefined
  console.error(output + errors)
  const lastLine = (errors.trim() || output.trim()).split('\n').at(-1) ?? ''
  return `${command.map((word) => basename(word)).join(' ')}: exit code ${code}: ${lastLine}`
}
