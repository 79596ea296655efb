import { readFileSync, writeFileSync } from 'node:fs'
import { distributionGuide } from './distribution/guide.ts'
import type { Language } from './environment.ts'
import { fileSuffix, type Key, keys } from './keys.ts'
import type { Form } from './values.ts'

/** The guides that are generated from the schema and the table of distribution's keys. Written by `bun src/config/guide.ts`; a test compares them. */
export const guides = (['en', 'zh-CN'] as const).flatMap((language) => {
  const place = (name: string) => new URL(`../../docs/guide/${language === 'en' ? '' : `${language}/`}${name}.md`, import.meta.url)
  return [
    { name: `configuration ${language}`, file: place('configuration'), write: () => configurationGuide(language) },
    { name: `from-distribution ${language}`, file: place('from-distribution'), write: () => distributionGuide(language) },
  ]
})

/** The whole guide: the written part, then every key of the schema. */
function configurationGuide(language: Language): string {
  const template = readFileSync(new URL(`guide.${language}.md`, import.meta.url), 'utf8')
  return template.replace('{keys}\n', () => keys.map((key) => section(key, language)).join('\n'))
}

const words = {
  en: {
    inFile: 'in the file',
    variable: 'variable',
    flag: 'flag',
    value: 'value',
    preset: 'default',
    none: 'not set',
    or: ' or ',
    address: '`HOST:PORT`',
    directory: 'a directory',
    networks: 'such as `10.0.0.0/8, 192.0.2.7`, or `none`',
    file: 'a file',
    origin: '`https://HOST` or `https://HOST:PORT`',
    url: '`https://HOST/PATH`',
    word: 'text without quotes',
    password: 'a line of text',
    'postgres-url': '`postgres://USER:PASSWORD@HOST:PORT/DATABASE`',
    duration: (least: string, most: string) => `a duration, \`${least}\` to \`${most}\``,
    period: (least: string, most: string) => `a duration, \`${least}\` to \`${most}\`, or \`off\``,
    size: (least: string, most: string) => `a size, \`${least}\` to \`${most}\``,
    rate: (least: string, most: string) => `a size, \`${least}\` to \`${most}\`, or \`off\``,
    count: (least: string, most: string) => `a whole number, \`${least}\` to \`${most}\``,
  },
  'zh-CN': {
    inFile: '文件中',
    variable: '环境变量',
    flag: '命令行选项',
    value: '取值',
    preset: '默认值',
    none: '未设置',
    or: ' 或 ',
    address: '`HOST:PORT`',
    directory: '目录',
    networks: '例如 `10.0.0.0/8, 192.0.2.7`，或 `none`',
    file: '文件',
    origin: '`https://HOST` 或 `https://HOST:PORT`',
    url: '`https://HOST/PATH`',
    word: '不含引号的文本',
    password: '一行文字',
    'postgres-url': '`postgres://USER:PASSWORD@HOST:PORT/DATABASE`',
    duration: (least: string, most: string) => `时长，\`${least}\` 到 \`${most}\``,
    period: (least: string, most: string) => `时长，\`${least}\` 到 \`${most}\`，或 \`off\``,
    size: (least: string, most: string) => `大小，\`${least}\` 到 \`${most}\``,
    rate: (least: string, most: string) => `大小，\`${least}\` 到 \`${most}\`，或 \`off\``,
    count: (least: string, most: string) => `整数，\`${least}\` 到 \`${most}\``,
  },
}

function section(key: Key, language: Language): string {
  const say = words[language]
  const { docs, form, preset } = key
  const both = (name: string, suffix: string) => (docs.secret ? `\`${name}\`${say.or}\`${name}${suffix}\`` : `\`${name}\``)
  const rows = [
    [say.value, valueText(form, language)],
    [say.preset, preset === undefined ? say.none : `\`${preset}\``],
    [say.inFile, both(key.path, fileSuffix)],
    [say.variable, both(key.variable, fileSuffix.toUpperCase())],
    ...(key.flag === undefined ? [] : [[say.flag, `\`${key.flag}\``]]),
  ]
  const table = rows.map(([name, value]) => `| ${name} | ${value} |`)
  return [`### \`${key.path}\``, '', language === 'en' ? docs.en : docs.zh, '', '| | |', '| --- | --- |', ...table, ''].join('\n')
}

function valueText(form: Form, language: Language): string {
  const say = words[language]
  switch (form.kind) {
    case 'choice':
      return form.words.map((word) => `\`${word}\``).join(say.or)
    case 'duration':
    case 'period':
    case 'size':
    case 'rate':
    case 'count':
      return say[form.kind](form.least, form.most)
    case 'address':
    case 'directory':
    case 'networks':
    case 'file':
    case 'origin':
    case 'password':
    case 'postgres-url':
    case 'url':
    case 'word':
      return say[form.kind]
  }
}

if (import.meta.main) {
  for (const { file, write } of guides) writeFileSync(file, write())
}
