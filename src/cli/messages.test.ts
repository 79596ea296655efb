import { expect, test } from 'bun:test'
import { createSay, messages } from './messages.ts'

const placeholders = (text: string) => [...new Set(text.match(/\{\w+\}/g))].toSorted()

test('every language has the same texts with the same placeholders', () => {
  expect(Object.keys(messages['zh-CN']).toSorted()).toEqual(Object.keys(messages.en).toSorted())
  const zh = new Map(Object.entries(messages['zh-CN']))
  for (const [key, text] of Object.entries(messages.en)) {
    expect([key, ...placeholders(zh.get(key) ?? '')]).toEqual([key, ...placeholders(text)])
    expect(zh.get(key), key).toMatch(/\p{Script=Han}|^；/u)
  }
})

test('a text is said in the language chosen, its placeholders filled as they are', () => {
  const values = { place: '{count} $& $1', count: '2' }
  expect(createSay('en')('check.from', values)).toBe('keys from {count} $& $1: 2')
  expect(createSay('zh-CN')('check.from', values)).toBe('来自 {count} $& $1 的配置项：2 项')
})
