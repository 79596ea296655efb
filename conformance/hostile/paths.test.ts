import { setDefaultTimeout } from 'bun:test'
import { forEachServer } from '../for-each-server.ts'
import { testCases } from './hostile-case.ts'
import { pathCases, pathControls } from './path-cases.ts'

setDefaultTimeout(180_000)

forEachServer('hostile paths', (server) => testCases(() => server().url, pathCases, pathControls))
