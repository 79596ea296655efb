import { expect, test } from 'bun:test'
import { createCanaries } from './canaries.ts'

const secret = 'Canary 7 of a test +/'

test.each([
  ['as it is', secret],
  ['as part of an address', encodeURIComponent(secret)],
  ['as part of a form', new URLSearchParams({ password: secret }).toString().replaceAll('%20', '+')],
  ...['', 'a', 'al', 'ali', 'alice'].map((user) => [`in base64 behind ${user}:`, btoa(`${user}:${secret}`)] as const),
])('a secret is found %s', (_, text) => {
  const canaries = createCanaries()
  canaries.add('a secret', secret)
  canaries.said('an empty log', 'nothing')
  expect(canaries.hits()).toEqual([])
  canaries.said('a log', `{"path":"${text}"}`)
  expect(canaries.hits()).toEqual(['a secret in a log'])
})
