import { expect, test } from 'bun:test'
import { flameGraph } from './flame-graph.ts'
import { type CpuProfile, fileOf, flameTree } from './flame-tree.ts'

const checkout = '/home/somebody/berth'
const at = (path: string): string => `file://${checkout}/${path}`

const frame = (functionName: string, url: string, lineNumber = 0) => ({ functionName, url, lineNumber })

/** root > serve > (serve again, which the engine shows of an async function) > get; beside it what has no file. */
const profile: CpuProfile = {
  nodes: [
    { id: 1, callFrame: frame('(root)', ''), children: [2, 6, 7] },
    { id: 2, callFrame: frame('serve', at('src/http/listener.ts')), children: [3, 8] },
    { id: 3, callFrame: frame('serve', at('src/http/listener.ts')), children: [4] },
    { id: 4, callFrame: frame('get', ''), children: [] },
    { id: 6, callFrame: frame('', '') },
    { id: 7, callFrame: frame('(garbage collector)', '') },
    { id: 8, callFrame: frame('get', '') },
  ],
  samples: [2, 3, 4, 4, 8, 6, 6, 7],
}

test.each([
  [at('src/http/listener.ts'), 'src/http/listener.ts'],
  [`${checkout}/src/main.ts`, 'src/main.ts'],
  [at('node_modules/sonic-boom/index.js'), 'node_modules/sonic-boom/index.js'],
  ['file:///opt/shared/node_modules/a/node_modules/@b/c/d.js', 'node_modules/@b/c/d.js'],
  ['file:///home/somebody/berth-other/secret/x.ts', 'x.ts'],
  ['node:fs', 'node:fs'],
  ['node:fs/promises', 'node:fs/promises'],
  ['internal:promisify', 'internal:promisify'],
  ['', ''],
])('%p is named %p', (url, file) => {
  expect(fileOf(url, checkout)).toBe(file)
})

test('calls of the same function by the same one are one frame, and so is a function within itself', () => {
  const tree = flameTree(profile, checkout)
  expect(tree.samples).toBe(8)
  const rows = tree.children.map(({ name, file, origin, samples, children }) => [name, file, origin, samples, children.length])
  expect(rows).toEqual([
    ['serve', 'src/http/listener.ts', 'berth', 5, 1],
    ['native code', '', 'native', 2, 0],
    ['garbage collection', '', 'collection', 1, 0],
  ])
  expect(tree.children[0]?.children[0]).toMatchObject({ name: 'get (native)', origin: 'native', samples: 3 })
  expect(() => flameTree({ ...profile, samples: [], nodes: profile.nodes.slice(0, 2) }, checkout)).toThrow('no node 3')
})

test('a function without a name has its line', () => {
  const nodes = [
    { id: 1, callFrame: frame('(root)', ''), children: [2, 3] },
    { id: 2, callFrame: frame('', at('src/registry/push.ts'), 17) },
    { id: 3, callFrame: frame('', at('src/registry/push.ts'), 30) },
  ]
  const tree = flameTree({ nodes, samples: [2, 2, 3] }, checkout)
  expect(tree.children.map(({ name }) => name)).toEqual(['', ''])
  expect(tree.children.map(({ file }) => file)).toEqual(['src/registry/push.ts:18', 'src/registry/push.ts:31'])
  expect(flameGraph(tree, ['a'])).toContain('>src/registry/push.ts:18: 66.7 %</text>')
})

test('frames are as wide as their part, under their caller, and named as far as there is room', () => {
  const svg = flameGraph(flameTree(profile, checkout), ['U5: A < B', '8 samples'])
  const frames = [...svg.matchAll(/<g><title>(.*?)<\/title><rect class="(\w+)" x="([\d.]+)" y="(\d+)" width="([\d.]+)"/g)]
  expect(frames.map(([, name, ...rest]) => [name, ...rest])).toEqual([
    ['all: 100.0 %', 'berth', '12', '84', '975'],
    ['serve src/http/listener.ts: 62.5 %', 'berth', '12', '103', '609'],
    ['native code: 25.0 %', 'native', '622', '103', '243'],
    ['garbage collection: 12.5 %', 'collection', '866', '103', '121'],
    ['get (native): 37.5 %', 'native', '12', '122', '365'],
  ].map((row) => row.map(String)))
  expect(svg).toContain('<title id="title">U5: A &lt; B</title>')
  expect(svg).toContain('called from there: get (native) 37.5 %; serve src/http/listener.ts 25.0 %; native code 25.0 %;')
  expect(svg).toContain('>garbage collection</text>')
  expect(svg).not.toContain('>its packages</text>')
  expect(svg).not.toContain('somebody')
})

test('what is too narrow to be seen is left out, and leaves its room', () => {
  const names = Array.from({ length: 3000 }, (_, index) => `f${index}`)
  const nodes = names.map((name, index) => ({ id: index + 2, callFrame: frame(name, 'node:fs') }))
  const wide = { id: 1, callFrame: frame('(root)', ''), children: nodes.map(({ id }) => id) }
  const samples = nodes.flatMap(({ id }) => Array<number>(id === 3001 ? 30 : 1).fill(id))
  const svg = flameGraph(flameTree({ nodes: [wide, ...nodes], samples }, checkout), ['a', 'b'])
  expect(svg.match(/<g>/g)).toHaveLength(2)
  expect(svg).toContain('f2999 node:fs: 1.0 %')
  const idle = flameTree({ nodes: [{ id: 1, callFrame: frame('(root)', '') }], samples: [] }, checkout)
  expect(flameGraph(idle, ['a', 'b'])).not.toContain('NaN')
})

test('a frame shows as much as it has room for', () => {
  const nodes = [
    { id: 1, callFrame: frame('(root)', ''), children: [2, 3, 4] },
    { id: 2, callFrame: frame('aFunctionWithQuiteALongName', 'node:fs') },
    { id: 3, callFrame: frame('b', 'node:fs') },
    { id: 4, callFrame: frame('short', 'node:fs/promises') },
  ]
  const svg = flameGraph(flameTree({ nodes, samples: [2, 4, ...Array<number>(8).fill(3)] }, checkout), ['a'])
  const shown = [...svg.matchAll(/<text x="[^"]*" y="[^"]*">(.*?)<\/text>/g)].map(([, text]) => text)
  expect(shown).toEqual(['all: 100.0 %', 'b node:fs: 80.0 %', 'aFunctionWit…', 'short: 10.0 %'])
})
