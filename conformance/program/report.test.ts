import { describe, expect, test } from 'bun:test'
import { must, NotApplicable, NotSupported, type Group } from '../checks/check.ts'
import { runCheck } from '../checks/run-check.ts'
import { wordsIn } from './messages.ts'
import { htmlReport, jsonReport, markdownReport, terminalReport, type Run } from './report.ts'

/** A registry that answers everything with something meant for a browser and for the reader of a report. */
const hostile = '<script>alert(1)</script>|```\u001b[31m'

async function run(): Promise<Run> {
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: () => new Response(hostile, { headers: { 'x-what': '<img src=x>' } }),
  })
  const group: Group = {
    id: 'group',
    name: { en: 'Group', 'zh-CN': '组' },
    section: 'a section',
    checks: [
      must('passes', 'a rule', [], async (client) => void (await client.send('GET', '/v2/'))),
      must('fails', 'a <rule> | with marks', [], async (client) => {
        const { status } = await client.send('GET', '/v2/')
        throw new Error(`${status}: ${hostile}`)
      }),
      must('does-not', 'a feature', [], () => Promise.reject(new NotSupported('404'))),
      must('need-not', 'another', [], () => Promise.reject(new NotApplicable('nothing'))),
    ],
  }
  try {
    const url = server.url.origin
    const results = []
    for (const check of group.checks) results.push(await runCheck(group, check, { urls: [url], level: 'must' }))
    return { url, level: 'must', results }
  } finally {
    await server.stop(true)
  }
}

describe('a report', () => {
  test('on a terminal names what did not pass, with what was said', async () => {
    const text = terminalReport(await run(), wordsIn('en'))
    expect(text).toContain('✗ group/fails [MUST] failed')
    expect(text).toContain('> GET http')
    expect(text).not.toContain('group/passes')
    expect(text).not.toContain('\u001b')
    expect(text).toEndWith('1 passed, 1 failed, 1 not supported, 1 not applicable')
    expect(terminalReport(await run(), wordsIn('zh-CN'))).toEndWith('通过 1，失败 1，不支持 1，不适用 1')
  })

  test('as a page runs nothing that a registry sent', async () => {
    const page = htmlReport(await run(), wordsIn('en'), 'en')
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
    expect(page).not.toMatch(/<script|<img/)
    expect(page).toContain('<code>group/passes</code>')
  })

  test('in Markdown stays a table', async () => {
    const lines = markdownReport(await run(), wordsIn('en'), 'en').split('\n')
    expect(lines).toContain('## Group')
    expect(markdownReport(await run(), wordsIn('zh-CN'), 'zh-CN')).toContain('## 组\n')
    expect(lines).toContain('| failed | `group/fails` | MUST | a <rule> \\| with marks |')
    expect(lines.filter((line) => line.startsWith('```')).length).toBe(6)
  })

  test('as data holds everything', async () => {
    const { results } = JSON.parse(jsonReport(await run())) as Run
    expect(results.map(({ outcome }) => outcome)).toEqual(['passed', 'failed', 'not supported', 'not applicable'])
    expect(results[1]?.exchanges).toMatchObject([{ status: 200, headers: { 'x-what': '<img src=x>' } }])
  })
})
