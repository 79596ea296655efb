/** Controls beyond ASCII, line separators and marks that turn the direction of text: JSON leaves these as they are. */
const unseen = /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g

/**
 * Quotes text from outside for a message: escaped, so that it cannot forge log lines or move a terminal's cursor, and cut
 * after `limit` characters, so that a huge input does not become a huge answer.
 */
export function excerpt(text: string, limit = 80): string {
  const quoted = JSON.stringify(text.slice(0, limit)).replace(unseen, escapeCharacter)
  return text.length <= limit ? quoted : `${quoted} (cut, ${text.length} characters)`
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
