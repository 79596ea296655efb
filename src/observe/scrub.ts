/**
 * Takes secrets out of a line of JSON before it is written. Nobody should log one; this is for those that arrive inside
 * other things: a connection string in a driver's message, a header in an HTTP error, a signed URL.
 */
export function scrub(line: string): string {
  return line
    .replace(members, '$1"***"')
    .replace(nestedMembers, '$1\\"***\\"')
    .replace(userInfo, '$1***@')
    .replace(credentials, '$1 ***')
    .replace(parameters, '$1***')
}

const secretName = 'password|passwd|passphrase|secret|token|authorization|cookie|private[-_]?key|access[-_]?key'
const jsonValue = String.raw`(?:"(?:[^"\\]|\\.)*"|\[[^\]]*\]|-?\d[\d.]*)`
/** A string inside a string: its own escapes come with a second backslash. */
const nestedString = String.raw`\\"(?:[^"\\]|\\\\(?:\\["\\]|[^"\\]))*\\"`

/** `"password": "..."`, also as the last part of a longer name (`adminPassword`, `refresh_token`, `set-cookie`). */
const members = new RegExp(String.raw`("[\w-]{0,64}(?:${secretName})"\s*:\s*)${jsonValue}`, 'gi')

/** The same in JSON that stands inside a string. */
const nestedMembers = new RegExp(String.raw`(\\"[\w-]{0,64}(?:${secretName})\\"\s*:\s*)${nestedString}`, 'gi')

/** `postgres://user:password@host` and `https://token@host`. */
const userInfo = /(\b[a-z][a-z0-9+.-]{1,15}:\/\/)[^\s"/@\\]+@/gi

/** `Authorization: Bearer ...` wherever it stands. */
const credentials = /\b(Bearer|Basic) [\w.~+/=-]{6,}/gi

/** Query parameters that are a right to do something: presigned URLs, tokens. */
const parameterName = 'x-amz-signature|x-amz-credential|x-amz-security-token|signature|sig|token|access_token|password'
const parameters = new RegExp(String.raw`([?&](?:${parameterName})=)[^&\s"\\]+`, 'gi')
