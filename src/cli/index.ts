export { createProgram, type Program, type ProgramDeps } from './program.ts'
export type { RunningServer, StopSignal } from './local/serve.ts'
export { terminalInput } from './remote/terminal-input.ts'
