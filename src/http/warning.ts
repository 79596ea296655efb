/** All warnings of an answer together (distribution-spec, "Warnings"). */
const mostBytes = 4096

/**
 * The value of the header `Warning` for texts in plain ASCII, most important first: what does not fit is left out.
 * @returns absent when there is nothing to say
 */
export function warningHeader(texts: readonly string[]): string | undefined {
  let value = ''
  for (const text of texts) {
    const longer = `${value}${value === '' ? '' : ', '}299 - "${text.replaceAll(/["\\]/g, '\\$&')}"`
    if (longer.length <= mostBytes) value = longer
  }
  return value === '' ? undefined : value
}
