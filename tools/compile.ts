// npm run compile: one executable that holds everything, in dist/berth or in the file named.
import { join, resolve } from 'node:path'

const root = join(import.meta.dir, '..')
const outfile = resolve(process.argv[2] ?? join(root, 'dist/berth'))

// Threads start from files of their own, which have to be named. As with ./berth, no .env or bunfig.toml of the folder
// the executable is started in is read.
const entries = ['src/main.ts', 'src/writer.ts', 'src/worker.ts']
const flags = ['--compile', '--no-compile-autoload-dotenv', '--no-compile-autoload-bunfig', `--outfile=${outfile}`]
const child = Bun.spawn([process.execPath, 'build', ...flags, ...entries], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
process.exitCode = await child.exited
