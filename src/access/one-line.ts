/**
 * Whether a text can be shown to people, in a list or a line of the log: at least one character, at most `longest`, and none that
 * breaks the line or that nobody sees.
 */
export function isOneLine(text: string, longest: number): boolean {
  return text.length > 0 && text.length <= longest && !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text)
}
