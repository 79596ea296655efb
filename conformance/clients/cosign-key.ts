import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { runProgram, succeed } from '../run-program.ts'

/** cosign with a pair of keys of its own, no transparency log and no network. */
export interface Cosign {
  /** Signs an image: by a bundle that refers to it, or as older releases do, under the tag `sha256-<hex>.sig`. */
  sign(reference: string, layout: 'bundle' | 'tag'): Promise<void>
  /** Says `{"a":1}` about an image, by a bundle that refers to it. */
  attest(reference: string): Promise<void>
  /** Runs `verify`, and returns its exit code with its words. */
  verify(reference: string, layout: 'bundle' | 'tag'): Promise<{ readonly code: number; readonly err: string }>
  /** Runs any other command. */
  run(...words: string[]): Promise<string>
  /** The file of the public key. */
  readonly publicKey: string
}

/** Makes the keys in a new folder. */
export async function createCosign(program: string, folder: string): Promise<Cosign> {
  mkdirSync(folder)
  const options = { env: { HOME: folder, DOCKER_CONFIG: folder, TMPDIR: folder, COSIGN_PASSWORD: 'for tests' }, cwd: folder }
  const run = (...words: string[]) => succeed([program, ...words], options)
  await run('generate-key-pair')
  await Bun.write(join(folder, 'predicate.json'), '{"a":1}')
  const format = (layout: 'bundle' | 'tag') => `--new-bundle-format=${layout === 'bundle'}`
  const offline = ['--key', 'cosign.key', '--use-signing-config=false', '--tlog-upload=false', '--allow-http-registry', '--yes']
  return Object.freeze({
    async sign(reference: string, layout: 'bundle' | 'tag') {
      await run('sign', ...offline, format(layout), reference)
    },
    async attest(reference: string) {
      await run('attest', ...offline, '--type', 'custom', '--predicate', 'predicate.json', reference)
    },
    verify: (reference: string, layout: 'bundle' | 'tag') => {
      const words = ['verify', '--key', 'cosign.pub', '--insecure-ignore-tlog=true', '--allow-http-registry', format(layout)]
      return runProgram([program, ...words, reference], options)
    },
    run,
    publicKey: join(folder, 'cosign.pub'),
  })
}
