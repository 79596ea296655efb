import { describe, expect, test } from 'bun:test'
import { formatRobotName, parseName, parseRobotName } from './name.ts'

describe('a name', () => {
  test.each(['a', '0', 'alice', 'alice.b-c_d', 'a'.repeat(64)])('is %s', (text) => {
    expect(String(parseName(text))).toBe(text)
  })

  test.each([
    ['', 'nothing'],
    ['Alice', 'an upper-case letter'],
    ['аlice', 'a Cyrillic letter that looks like a Latin one'],
    ['alice\u200b', 'a space that nobody sees'],
    ['ａlice', 'a wide letter'],
    ['ſam', 'a letter whose capital is ASCII'],
    [' alice', 'a space'],
    ['alice\n', 'a line end'],
    ['alice\0', 'a zero byte'],
    ['a..b', 'two dots'],
    ['.a', 'a dot first'],
    ['a-', 'a dash last'],
    ['robot$ci', 'a robot'],
    ['team/app', 'a path'],
    ['a'.repeat(65), 'too long'],
    ['a'.repeat(65_536), '64 KB'],
  ].map(([text = '', why = '']) => [why, text] as const))('is not %s', (_why, text) => {
    expect(parseName(text)).toBeUndefined()
  })
})

describe('a robot', () => {
  test.each(['robot$ci', 'team+robot$ci', `${'a'.repeat(64)}+robot$${'b'.repeat(64)}`])('is read from %s and written the same', (text) => {
    const robot = parseRobotName(text)
    expect(formatRobotName(robot?.project, String(robot?.name))).toBe(text)
  })

  const others = ['', 'alice', 'robot$', 'robot', '+robot$ci', 'teamrobot$ci', 'team+robot$', 'Team+robot$ci', 'a+b+robot$ci', 'team+robot$ci+x']
  test.each([...others, 'robot$robot$ci'])('is not %j', (text) => {
    expect(parseRobotName(text)).toBeUndefined()
  })

  test('is not 64 KB', () => {
    expect(parseRobotName(`${'a'.repeat(65_536)}+robot$ci`)).toBeUndefined()
  })
})
