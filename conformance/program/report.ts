import { describeExchangeText } from '../checks/describe-failure.ts'
import type { Level } from '../checks/level.ts'
import type { Outcome, Result } from '../checks/run-check.ts'
import type { Language, Words } from './messages.ts'

/** A run against one registry. */
export interface Run {
  readonly url: string
  readonly level: Level
  readonly results: readonly Result[]
}

const signs: Readonly<Record<Outcome, string>> = { passed: '✓', failed: '✗', 'not supported': '–', 'not applicable': '·' }

export function countOf({ results }: Run, outcome: Outcome): number {
  return results.filter((result) => result.outcome === outcome).length
}

export function summary(run: Run, say: Words): string {
  return say('title.summary', {
    passed: countOf(run, 'passed'),
    failed: countOf(run, 'failed'),
    unsupported: countOf(run, 'not supported'),
    inapplicable: countOf(run, 'not applicable'),
  })
}

function titleOf(run: Run, say: Words): string[] {
  return [say('title', { url: run.url }), say('title.held', { level: say(`level.${run.level}`) }), summary(run, say)]
}

/** For a terminal: what did not pass and why, then the numbers. */
export function terminalReport(run: Run, say: Words): string {
  const notPassed = run.results.filter(({ outcome }) => outcome !== 'passed')
  const entries = notPassed.map((result) => {
    const { check, level, outcome, rule, section, reason = '' } = result
    const head = `${signs[outcome]} ${check} [${say(`asks.${level}`)}] ${say(`outcome.${outcome}`)}`
    const last = outcome === 'failed' ? (result.exchanges ?? []).slice(-1).map(describeExchangeText) : []
    return [head, rule, say('section', { section }), reason, ...last].join('\n').replaceAll('\n', '\n    ')
  })
  return withoutControls([...entries, titleOf(run, say).join('\n')].join('\n\n'))
}

/** What a registry sent must not move the cursor of whoever reads it. */
function withoutControls(text: string): string {
  return text.replace(/(?![\n\t])\p{Cc}/gu, '?')
}

export function jsonReport(run: Run): string {
  return `${JSON.stringify(run, undefined, 2)}\n`
}

export function markdownReport(run: Run, say: Words, language: Language): string {
  const [title = '', ...rest] = titleOf(run, say)
  const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
  const columns = ['outcome', 'check', 'asks', 'rule'] as const
  const head = [`| ${columns.map((name) => say(`column.${name}`)).join(' | ')} |`, `|${' --- |'.repeat(columns.length)}`]
  const groups = byGroup(run, language).map(({ heading, section, results }) => {
    const rows = results.map(({ outcome, check, level, rule }) =>
      `| ${[say(`outcome.${outcome}`), `\`${check}\``, say(`asks.${level}`), rule].map(cell).join(' | ')} |`,
    )
    const details = results.filter(({ reason }) => reason !== undefined).map((result) => {
      const text = detailsOf(result, say).replaceAll('```', "'''")
      return `### ${result.check}\n\n\`\`\`text\n${text}\n\`\`\``
    })
    return [`## ${heading}`, say('section', { section }), [...head, ...rows].join('\n'), ...details].join('\n\n')
  })
  return `${[`# ${title}`, ...rest, ...groups].join('\n\n')}\n`
}

const style = `body{font:15px/1.5 system-ui,sans-serif;max-width:75rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}
table{border-collapse:collapse;width:100%}td,th{border:1px solid #d0d7de;padding:.3rem .6rem;text-align:left;vertical-align:top}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f6f8fa;padding:.6rem}.passed{color:#0a6b2b}.failed{color:#b3111f;font-weight:600}
.not{color:#5a636d}@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}pre{background:#161b22}td,th{border-color:#30363d}
.passed{color:#4cc76d}.failed{color:#ff7b82}.not{color:#9aa4ae}}`

/** One file that needs nothing else. Everything that came from the registry is escaped: it may be hostile. */
export function htmlReport(run: Run, say: Words, language: Language): string {
  const [title = '', ...rest] = titleOf(run, say).map(escape)
  const head = (['outcome', 'check', 'asks', 'rule'] as const).map((name) => `<th>${escape(say(`column.${name}`))}</th>`).join('')
  const groups = byGroup(run, language).map(({ heading, section, results }) => {
    const rows = results.map((result) => {
      const { outcome, check, level, rule, reason } = result
      const all = `<pre>${escape(detailsOf(result, say))}</pre>`
      const details = reason === undefined ? '' : `<details><summary>${escape(firstLine(reason))}</summary>${all}</details>`
      const cells = [`<td class="${outcome.split(' ')[0]}">${signs[outcome]} ${escape(say(`outcome.${outcome}`))}</td>`]
      cells.push(`<td><code>${escape(check)}</code></td>`, `<td>${escape(say(`asks.${level}`))}</td>`)
      cells.push(`<td>${escape(rule)}${details}</td>`)
      return `<tr>${cells.join('')}</tr>`
    })
    return `<h2>${escape(heading)}</h2>\n<p>${escape(say('section', { section }))}</p>\n<table>\n<tr>${head}</tr>\n${rows.join('\n')}\n</table>`
  })
  return `<!doctype html>
<html lang="${language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>${style}</style>
<h1>${title}</h1>
${rest.map((line) => `<p>${line}</p>`).join('\n')}
${groups.join('\n')}
</html>
`
}

function detailsOf({ reason = '', exchanges = [] }: Result, say: Words): string {
  const said = exchanges.length === 0 ? [] : [say('exchanges'), ...exchanges.map(describeExchangeText)]
  return [reason, ...said].join('\n\n')
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? ''
}

interface Section {
  readonly heading: string
  readonly section: string
  readonly results: readonly Result[]
}

/** Results come group after group. */
function byGroup({ results }: Run, language: Language): Section[] {
  return Object.values(Object.groupBy(results, ({ group }) => group.en)).flatMap((ofGroup = []) => {
    const [first] = ofGroup
    return first === undefined ? [] : [{ heading: first.group[language], section: first.section, results: ofGroup }]
  })
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
