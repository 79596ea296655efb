/** A text that no name, tag, digest or upload is, and what is odd about it. */
export type Trick = readonly [kind: string, text: string]

/** They try to leave the path they stand in. Where dots and slashes are resolved first, they lead to another address. */
export const pathTricks: readonly Trick[] = [
  ['a dot', '.'],
  ['two dots', '..'],
  ['dots and slashes', '../../../../etc/passwd'],
  ['dots in escapes', '%2e%2e'],
  ['dots in upper-case escapes', '%2E%2E'],
  ['half-escaped dots', '.%2e'],
  ['dots and an escaped slash', '..%2f..%2f..%2fetc%2fpasswd'],
  ['all of it escaped', '%2e%2e%2f%2e%2e%2fetc%2fpasswd'],
  ['escaped twice', '%252e%252e%252fetc'],
  ['escaped thrice', '%25252e%25252e%25252f'],
  ['dots and a backslash', '..\\..\\etc'],
  ['dots and an escaped backslash', '..%5c..%5cetc'],
  ['four dots', '....//....//etc'],
  ['a slash before it', '/etc/passwd'],
  ['an escaped slash before it', '%2fetc%2fpasswd'],
  ['a drive', 'c:%5cboot.ini'],
  ['a URL', 'file:%2f%2f%2fetc%2fpasswd'],
  ['a parameter of the path', '..;a=b'],
  ['an escaped question mark', 'a%3fn=1'],
  ['an escaped hash', 'a%23b'],
]

/** Escapes and bytes that are no text, and text that other programs act upon. */
export const textTricks: readonly Trick[] = [
  ['overlong dots', '%c0%ae%c0%ae'],
  ['an overlong slash', '%e0%80%af'],
  ['an overlong NUL', '%c0%80'],
  ['half a surrogate pair', '%ed%a0%80'],
  ['beyond Unicode', '%f4%90%80%80'],
  ['bytes of no encoding', '%ff%fe'],
  ['a lone continuation byte', '%80'],
  ['a percent sign', '%'],
  ['half an escape', '%2'],
  ['an escape of no number', '%zz'],
  ['an escape of sixteen bits', '%u002e'],
  ['a NUL', 'a%00'],
  ['a NUL before an ending', '%00.json'],
  ['a line feed', 'a%0ab'],
  ['the end of a head', 'a%0d%0aX-Evil:%201%0d%0a%0d%0a'],
  ['a tab', 'a%09b'],
  ['a space', 'a%20b'],
  ['a delete', 'a%7f'],
  ['the other way round', '%e2%80%aea'],
  ['a ship', '%f0%9f%9a%a2'],
  ['letters with dots', '%c3%a4'],
  ['letters that fold to ASCII', '%e2%84%aa'],
  ['full-width dots', '%ef%bc%8e%ef%bc%8e'],
  ['markup', '<script>alert(1)</script>'],
  ['a quote', "'%20or%201=1--"],
  ['a template', '${jndi:ldap:x}'],
  ['a shell', '$(id)'],
  ['an option', '--help'],
  ['a hidden file', '.htaccess'],
  ['a wildcard', '*'],
  ['__proto__', '__proto__'],
  ['5,000 characters', 'x'.repeat(5000)],
]

/** What is nearly a digest. */
export const digestTricks: readonly Trick[] = [
  ['no hash', 'sha256:'],
  ['no algorithm', `:${'a'.repeat(64)}`],
  ['dots for a hash', 'sha256:..'],
  ['escaped dots for a hash', 'sha256:%2e%2e%2fetc'],
  ['a hash too short', `sha256:${'a'.repeat(63)}`],
  ['a hash too long', `sha256:${'a'.repeat(65)}`],
  ['4 KB of hash', `sha256:${'a'.repeat(4096)}`],
  ['upper-case letters', `sha256:${'A'.repeat(64)}`],
  ['an upper-case algorithm', `SHA256:${'a'.repeat(64)}`],
  ['no hexadecimal', `sha256:${'g'.repeat(64)}`],
  ['full-width digits', `sha256:${'%ef%bc%91'.repeat(64)}`],
  ['an unknown algorithm', `md5:${'a'.repeat(32)}`],
  ['an algorithm of the specification that is not supported', `blake3:${'a'.repeat(64)}`],
  ['the hash of another algorithm', `sha512:${'a'.repeat(64)}`],
  ['an algorithm of dots', `..:${'a'.repeat(64)}`],
  ['two colons', `sha256:sha256:${'a'.repeat(64)}`],
  ['a NUL behind it', `sha256:${'a'.repeat(64)}%00`],
  ['a line feed behind it', `sha256:${'a'.repeat(64)}%0a`],
  ['an escape cut off behind it', `sha256:${'a'.repeat(64)}%2`],
]

/** Whether a URL parser may make another address of a path with this in it. */
export function mayLeadElsewhere(text: string): boolean {
  return /^(?:\.|%2e){1,2}$|[/\\?#]/i.test(text)
}
