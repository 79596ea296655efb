import { expect, test } from 'bun:test'
import { createLogger } from '../../observe/index.ts'
import { createInnerServers, innerHost, type InnerOptions } from './inner-servers.ts'

const logger = createLogger({ level: 'info', destination: { write: () => undefined, close: () => Promise.resolve() } })

function start() {
  const opened: InnerOptions[] = []
  const servers = createInnerServers(
    (options) => {
      opened.push(options)
      return { url: '', port: 1, stop: () => Promise.resolve() }
    },
    undefined,
    logger,
  )
  const clientAt = (port: number, address = innerHost) => opened[0]?.clientAt({ address, port })
  return { servers, clientAt }
}

test('a port names its client until the connection has gone', () => {
  const { servers, clientAt } = start()
  const passage = servers.current.enter()
  passage.arrived(40_000, '192.0.2.1')
  expect(clientAt(40_000)).toBe('192.0.2.1')
  passage.leave()
  expect(clientAt(40_000)).toBeUndefined()
})

test('who connects from the same port of another address of loopback is not that client', () => {
  const { servers, clientAt } = start()
  servers.current.enter().arrived(40_000, '192.0.2.1')
  expect(clientAt(40_000, '127.0.0.2')).toBeUndefined()
})

test('a port that was given away again belongs to who has it now, however late we hear of the end', () => {
  const { servers, clientAt } = start()
  const [early, late] = [servers.current.enter(), servers.current.enter()]
  early.arrived(40_000, '192.0.2.1')
  late.arrived(40_000, '192.0.2.2')
  early.leave()
  expect(clientAt(40_000)).toBe('192.0.2.2')
})
