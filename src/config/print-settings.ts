import { stringify } from 'yaml'
import { fileSuffix } from './keys.ts'
import type { EffectiveSetting } from './load-config.ts'
import { maskUrl } from './mask-url.ts'

/**
 * Writes the settings in effect as a `berth.yaml`, each with a comment. Secrets are masked; one that comes from a file is shown
 * as the name of that file. A key without a value is a comment line.
 * @param comment what to say about a setting: where it comes from
 */
export function printSettings(settings: readonly EffectiveSetting[], comment: (setting: EffectiveSetting) => string): string {
  const lines: string[] = []
  let group: string | undefined
  for (const setting of settings) {
    const { names, path } = setting.key
    const outer = names.length > 1 ? names[0] : undefined
    if (setting.text === undefined) {
      lines.push(`# ${path}:  # ${comment(setting)}`)
      continue
    }
    if (outer !== undefined && outer !== group) lines.push(`${outer}:`)
    group = outer
    const name = `${names.at(-1)}${setting.file ? fileSuffix : ''}`
    lines.push(`${outer === undefined ? '' : '  '}${name}: ${scalar(shown(setting, setting.text))}  # ${comment(setting)}`)
  }
  return `${lines.join('\n')}\n`
}

/** The text of a setting, fit to be shown. */
function shown(setting: EffectiveSetting, text: string): string {
  if (!setting.key.docs.secret || setting.file) return text
  // A password may happen to read like a URL.
  return setting.key.form.kind === 'postgres-url' ? maskUrl(text) : '***'
}

/** One line of YAML, quoted where it has to be. */
function scalar(text: string): string {
  return stringify(text, { schema: 'failsafe', lineWidth: 0, blockQuote: false }).trimEnd()
}
