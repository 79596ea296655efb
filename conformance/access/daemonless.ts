import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createLayout } from '../clients/oci-layout.ts'
import { inTurn, runnerIn, things, type LoginClient, type Thing } from './login-client.ts'

/** Makes a client out of the path of its program and an empty folder, where it keeps everything. */
type Build = (program: string, folder: string) => LoginClient

/** An image layout with both things by their names. */
export function layoutOfThings(path: string): string {
  const layout = createLayout(path)
  for (const thing of things) layout.tag(layout.addImage(1, 10_000), thing)
  return path
}

export const skopeo: Build = (program, folder) => {
  const run = runnerIn(folder, [program])
  const layout = layoutOfThings(join(folder, 'layout'))
  const copy = ['--insecure-policy', 'copy', '--src-tls-verify=false', '--dest-tls-verify=false']
  let pulls = 0
  return {
    login: (host, username, password) => run(['login', '--tls-verify=false', '-u', username, '--password-stdin', host], password),
    logout: (host) => run(['logout', host]),
    push: (image, what) => run([...copy, `oci:${layout}:${what}`, `docker://${image}`]),
    pull: (image) => run([...copy, `docker://${image}`, `dir:${join(folder, `pulled-${pulls++}`)}`]),
  }
}

export const crane: Build = (program, folder) => {
  const run = runnerIn(folder, [program])
  for (const thing of things) {
    const layout = createLayout(join(folder, thing))
    layout.tag(layout.addImage(1, 10_000), thing)
  }
  return {
    login: (host, username, password) => run(['auth', 'login', '-u', username, '--password-stdin', host], password),
    logout: (host) => run(['auth', 'logout', host]),
    push: (image, what) => run(['push', what, image]),
    pull: (image) => run(['pull', image, 'pulled.tar']),
  }
}

export const oras: Build = (program, folder) => {
  const run = runnerIn(folder, [program])
  for (const thing of things) writeFileSync(join(folder, thing), thing)
  return {
    login: (host, username, password) => run(['login', '--plain-http', '-u', username, '--password-stdin', host], password),
    logout: (host) => run(['logout', host]),
    push: (image, what) => run(['push', '--plain-http', image, what]),
    pull: (image) => run(['pull', '--plain-http', '--output', 'pulled', image]),
  }
}

export const regctl: Build = (program, folder) => {
  const run = runnerIn(folder, [program])
  const layout = layoutOfThings(join(folder, 'layout'))
  /** What it has to be told once of a registry without TLS. */
  const plain = (host: string) => run(['registry', 'set', '--skip-check', '--tls', 'disabled', host])
  const copy = (image: string, from: string, to: string) => inTurn(plain(image.split('/', 1)[0] ?? ''), () => run(['image', 'copy', from, to]))
  return {
    login: (host, username, password) =>
      inTurn(plain(host), () => run(['registry', 'login', '-u', username, '--pass-stdin', host], password)),
    logout: (host) => run(['registry', 'logout', host]),
    push: (image, what) => copy(image, `ocidir://${layout}:${what}`, image),
    pull: (image) => copy(image, image, `ocidir://${join(folder, 'pulled')}:1`),
  }
}

/** A chart is called as the last part of its repository is, and its version is the tag. */
export const helm: Build = (program, folder) => {
  const run = runnerIn(folder, [program])
  async function pack(name: string, version: string, what: Thing): Promise<string> {
    const chart = join(folder, what, name)
    mkdirSync(chart, { recursive: true })
    writeFileSync(join(chart, 'Chart.yaml'), `apiVersion: v2\nname: ${name}\nversion: ${version}\ndescription: ${what}\n`)
    const { code, err } = await run(['package', '--destination', what, chart])
    if (code !== 0) throw new Error(err)
    return join(what, `${name}-${version}.tgz`)
  }
  return {
    login: (host, username, password) => run(['registry', 'login', '--plain-http', '-u', username, '--password-stdin', host], password),
    logout: (host) => run(['registry', 'logout', host]),
    async push(image, what) {
      const { parent, name, tag } = /^(?<parent>.+)\/(?<name>[^/]+):(?<tag>[^:]+)$/.exec(image)?.groups ?? {}
      return await run(['push', '--plain-http', await pack(name ?? '', tag ?? '', what), `oci://${parent}`])
    },
    pull: (image) => {
      const colon = image.lastIndexOf(':')
      const version = ['--version', image.slice(colon + 1)]
      return run(['pull', '--plain-http', `oci://${image.slice(0, colon)}`, ...version, '--destination', folder])
    },
  }
}
