// Brings node_modules up to package-lock.json before `npm start`, `npm test` and the like. Runs on Node with no dependencies,
// since at first there are none. When nothing changed it costs three stat calls.
import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

if (!isUpToDate()) {
  console.error('berth: setting up: npm ci (now, and when package-lock.json changes)')
  run('npm', ['ci', '--include=dev', '--loglevel=error'])
  if (!hasBun()) run(process.execPath, ['node_modules/bun/install.js'])
  console.error('berth: set up')
}

/** npm writes node_modules/.package-lock.json last, so an interrupted install does not count. */
function isUpToDate() {
  const wanted = statSync(join(root, 'package-lock.json'))
  const installed = statSync(join(root, 'node_modules/.package-lock.json'), { throwIfNoEntry: false })
  return installed !== undefined && installed.mtimeMs >= wanted.mtimeMs && hasBun()
}

/** The package carries a short text in the program's place until its install script ran; npm may be set to run none. */
function hasBun() {
  const bun = statSync(join(root, 'node_modules/bun/bin/bun.exe'), { throwIfNoEntry: false })
  return bun !== undefined && bun.size > 1_000_000
}

function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] })
  if (status === 0) return
  console.error(`berth: set-up failed: ${command} ${args.join(' ')}: ${error?.message ?? `exit code ${status}`}`)
  process.exit(1)
}
