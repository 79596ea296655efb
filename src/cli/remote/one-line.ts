/** A text of a server as one line of a terminal: it must not move the cursor, forge a line or hide what it says. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?')
}
