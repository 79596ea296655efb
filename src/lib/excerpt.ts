/**
 * Quotes text from outside for a message: escaped, so that it cannot forge log lines or move a terminal's cursor, and cut
 * after `limit` characters, so that a huge input does not become a huge answer.
 */
export function excerpt(text: string, limit = 80): string {
  return text.length <= limit ? JSON.stringify(text) : `${JSON.stringify(text.slice(0, limit))} (cut, ${text.length} characters)`
}
