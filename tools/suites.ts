/** A part of the test run: a command that passes or fails as one, or a folder of tests that are counted singly. */
export type Suite = {
  readonly name: string
  /** Whether `npm run check` runs it too. */
  readonly check?: true
  /** Components of components.ts it cannot be whole without. */
  readonly needs?: readonly string[]
} & ({ readonly command: readonly string[] } | TestFolder)

export interface TestFolder {
  readonly tests: string
  /** A glob of test files in the folder that another suite runs. */
  readonly except?: string
  /** After so many minutes the suite is stopped and counts as failed. */
  readonly minutes: number
  /** So many files at once, where one alone leaves a core idle. */
  readonly parallel?: number
}

/** The programs of the tests in conformance. */
const engines = ['dockerd', 'docker', 'containerd', 'ctr', 'podman', 'buildah', 'buildkitd', 'buildctl']
const others = ['skopeo', 'crane', 'oras', 'regctl', 'helm', 'notation', 'openssl', 'cosign', 'docker-registry', 'nginx', 'curl', 'systemd-analyze']

/** Everything `npm test` runs. `npm test NAME...` runs the named ones. */
export const suites: readonly Suite[] = [
  { name: 'types', check: true, command: ['node_modules/.bin/tsc', '-p', 'tsconfig.json'] },
  { name: 'lint', check: true, command: ['node_modules/.bin/oxlint', '--type-aware', '--deny-warnings'] },
  { name: 'architecture', check: true, command: [process.execPath, 'tools/check-architecture.ts'] },
  { name: 'unit', check: true, tests: './src/', except: '**/{interleavings/**,idle.test.ts}', minutes: 30, parallel: 2, needs: ['postgres'] },
  { name: 'idle', tests: './src/http/idle.test.ts', minutes: 10 },
  { name: 'interleavings', tests: './src/database/interleavings/', minutes: 45, parallel: 2, needs: ['postgres'] },
  { name: 'tools', check: true, tests: './tools/', except: '**/executable.test.ts', minutes: 10 },
  { name: 'bench', tests: './bench/', minutes: 15, needs: ['wrk', 'nginx', 'docker-registry'] },
  { name: 'conformance', tests: './conformance/', minutes: 45, needs: ['postgres', ...engines, ...others, 'strace'] },
  {
    name: 'simulation',
    tests: './simulation/',
    except: '**/{fuzz,serving}/**',
    minutes: 45,
    parallel: 2,
    needs: ['postgres', 'strace', 'dockerd', 'docker'],
  },
  { name: 'serving', tests: './simulation/serving/', minutes: 20, needs: ['nginx', 'openssl'] },
  { name: 'fuzz', tests: './simulation/fuzz/', minutes: 20 },
  { name: 'executable', tests: './tools/executable.test.ts', minutes: 10 },
]
