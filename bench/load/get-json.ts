/**
 * GETs a list. Not over a connection of our own: lists may come in chunks, and cost servers more than any client.
 * @throws Error for another status than 200
 */
export async function getJson(port: number, target: string, authorization?: string): Promise<unknown> {
  const headers = { 'Accept-Encoding': 'identity', ...(authorization === undefined ? {} : { Authorization: authorization }) }
  const answer = await fetch(`http://127.0.0.1:${port}${target}`, { headers })
  const text = await answer.text()
  if (answer.status !== 200) throw new Error(`GET ${target}: status ${answer.status} instead of 200: ${text.slice(0, 300)}`)
  return JSON.parse(text)
}
