import { expect, test } from 'bun:test'
import { errorTable } from '../../oci/index.ts'
import { allowedMethods, findRoute, paths, routes, type Shape } from './routes.ts'

test('no two rows are the same endpoint, and each is found', () => {
  const keys = routes.map(({ method, shape }) => `${method} ${shape}`)
  expect(new Set(keys).size).toBe(routes.length)
  expect(new Set(routes.map(({ operation }) => operation)).size).toBe(routes.length)
  for (const route of routes) expect(findRoute(route.shape, route.method)).toBe(route)
})

test('every shape has a path and every path a row', () => {
  expect(new Set(routes.map(({ shape }) => shape))).toEqual(new Set(Object.keys(paths) as Shape[]))
})

test('rows name errors that a client can get, none twice', () => {
  for (const { failures } of routes) {
    expect(new Set(failures).size).toBe(failures.length)
    for (const code of failures) expect(errorTable[code].status).toBeGreaterThanOrEqual(400)
  }
})

test('only what tells of the API itself needs no right; what changes something never asks for pull alone', () => {
  for (const { operation, method, action } of routes) {
    expect(action === undefined).toBe(operation === 'ping' || operation === 'listExtensions')
    if (method !== 'GET' && method !== 'HEAD') expect(action).not.toBe('pull')
  }
})

test.each<[Shape, string]>([
  ['base', 'GET, HEAD'],
  ['extensions', 'GET, HEAD'],
  ['manifest', 'DELETE, GET, HEAD, PUT'],
  ['blob', 'DELETE, GET, HEAD'],
  ['uploads', 'POST'],
  ['upload', 'DELETE, GET, HEAD, PATCH, PUT'],
  ['tags', 'GET, HEAD'],
])('%s allows %s', (shape, methods) => {
  expect(allowedMethods(shape)).toBe(methods)
})
