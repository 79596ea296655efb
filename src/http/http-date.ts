let lastSecond = Number.NaN
let lastText = ''

/** `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7), of a time in milliseconds since the epoch. */
export function httpDate(time: number): string {
  const second = Math.floor(time / 1000)
  if (second !== lastSecond) {
    lastSecond = second
    lastText = new Date(time).toUTCString()
  }
  return lastText
}
