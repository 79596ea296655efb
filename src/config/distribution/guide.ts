import { readFileSync } from 'node:fs'
import type { Language } from '../environment.ts'
import { type DistributionKey, distributionKeys } from './keys.ts'

/** The guide for those who come from distribution: the written part, and the three tables of its keys. */
export function distributionGuide(language: Language): string {
  const template = readFileSync(new URL(`guide.${language}.md`, import.meta.url), 'utf8')
  return template.replaceAll(/\{(sets|ignored|refused)\}\n/g, (_, fate: DistributionKey['fate']) => {
    const rows = distributionKeys.filter((key) => key.fate === fate)
    return `${rows.map((key) => `${row(key, language)}\n`).join('')}\n`
  })
}

function row(key: DistributionKey, language: Language): string {
  const text = language === 'en' ? key.text.en : key.text.zh
  const path = `\`${key.path}${key.section ? '.*' : ''}\``
  if (key.fate === 'sets') return `| ${path} | \`${key.sets}\` | ${text} |`
  const same = key.same.filter((word) => word !== '').map((word) => `\`${word}\``)
  return `| ${path} | ${same.join(', ')} | ${text} |`
}
