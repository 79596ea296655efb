import { afterAll, describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '../temporary-folder.ts'
import { languages, wordsIn } from './messages.ts'
import { readOptions, UsageError } from './options.ts'

const folder = temporaryFolder()
afterAll(() => folder.remove())
const url = 'http://127.0.0.1:5000'

function file(name: string, text: string): string {
  writeFileSync(join(folder.path, name), text)
  return join(folder.path, name)
}

describe('the command line', () => {
  test('with a URL alone holds a registry to what clients need', () => {
    const options = readOptions([`${url}/`], {})
    expect(options).toEqual({
      help: false, url, credentials: undefined, loginWay: 'asked', repositories: 'conformance', level: 'clients', only: '', reports: [], language: 'en',
    })
  })

  test('reads the password from a file, without the end of its line', () => {
    for (const end of ['', '\n', '\r\n']) {
      const password = file('password', ` a:b ${end}`)
      expect(readOptions([url, '--username', 'u', '--password-file', password], {}).credentials).toEqual({ username: 'u', password: ' a:b ' })
    }
  })

  test('takes the login of docker for the same host, and no other', () => {
    const auth = Buffer.from('u:p:q').toString('base64')
    file('config.json', JSON.stringify({ auths: { '127.0.0.1:5000': { auth } } }))
    const env = { DOCKER_CONFIG: folder.path }
    expect(readOptions([url], env).credentials).toEqual({ username: 'u', password: 'p:q' })
    expect(readOptions(['http://127.0.0.1:5001'], env).credentials).toBeUndefined()
  })

  test('says it when docker leaves the login to a helper, or its configuration cannot be read', () => {
    file('config.json', JSON.stringify({ auths: { '127.0.0.1:5000': {} }, credsStore: 'desktop' }))
    expect(() => readOptions([url], { DOCKER_CONFIG: folder.path })).toThrow('helper')
    file('config.json', '{')
    expect(() => readOptions([url], { DOCKER_CONFIG: folder.path })).toThrow(UsageError)
  })

  test.each([
    [], ['127.0.0.1:5000'], ['ftp://a'], [`${url}/v2/`], [`http://u:p@a`], [url, 'http://a'], [url, '--level', 'most'],
    [url, '--report', 'report.pdf'], [url, '--repository', '../a'], [url, '--username', 'u'], [url, '--password-file', 'x'],
    [url, '--username', 'u', '--password-file', '/nowhere'], [url, '--language', 'fr'], [url, '--login', 'never'], [url, '--unknown'],
  ])('refuses %j', (...argv) => {
    expect(() => readOptions(argv.flat(), {})).toThrow(UsageError)
  })

  test('speaks the language of the environment', () => {
    expect(() => readOptions([], { LANG: 'zh_CN.UTF-8' })).toThrow('请给出一个 URL')
    expect(readOptions([url], { LC_ALL: 'zh_CN.UTF-8' }).language).toBe('zh-CN')
    expect(readOptions([url, '--language', 'en'], { LANG: 'zh_CN.UTF-8' }).language).toBe('en')
  })
})

test('both languages name the same flags and placeholders', () => {
  const found = (key: 'usage' | 'title.summary') =>
    languages.map((language) => [...wordsIn(language)(key).matchAll(/--[a-z-]+|\{\w+\}/g)].map(([text]) => text).toSorted())
  for (const key of ['usage', 'title.summary'] as const) expect(found(key)[1]).toEqual(found(key)[0] as string[])
})
