import { setDefaultTimeout } from 'bun:test'
import { forEachServer } from '../for-each-server.ts'
import { testCases } from './hostile-case.ts'
import { queryCases, queryControls } from './query-cases.ts'

setDefaultTimeout(180_000)

forEachServer('hostile queries', (server) => {
  testCases(() => server().url, [], queryControls)
  testCases(() => server().url, queryCases, [])
})
