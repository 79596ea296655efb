import { type Answer, type Client, expectStatus, Violation } from '../rig/client.ts'

/** Something in the trash, as the API shows it. */
export interface TrashItem {
  readonly id: string
  readonly kind: string
  /** Below the project. */
  readonly path: string
  readonly tag?: string
  readonly digest: string
  /** Ms since the epoch. */
  readonly purgeAt: number
}

export interface TrashPage {
  readonly items: readonly TrashItem[]
  readonly next?: string
}

interface ShownPage {
  readonly items: readonly (Omit<TrashItem, 'purgeAt'> & { readonly purgeAt: string })[]
  readonly next?: string
}

/** Everything in the trash of a project, the newest first. */
export async function wholeTrash(client: Client, project: string): Promise<TrashItem[]> {
  const items: TrashItem[] = []
  for (let cursor = ''; ; ) {
    const page = await trashPage(client, project, `limit=200${cursor}`)
    items.push(...page.items)
    if (page.next === undefined) return items
    cursor = `&cursor=${encodeURIComponent(page.next)}`
  }
}

export async function trashPage(client: Client, project: string, query: string): Promise<TrashPage> {
  const answer = expectStatus(await client.send('GET', `/api/v1/projects/${project}/trash?${query}`), 200)
  const { items, next } = documentOf(answer) as ShownPage
  return { items: items.map((item) => ({ ...item, purgeAt: Date.parse(item.purgeAt) })), ...(next === undefined ? {} : { next }) }
}

/** Answers the tags that came back, or nothing where it was refused in one of the ways there are. */
export async function restore(client: Client, { id }: TrashItem): Promise<{ readonly tags: readonly string[] } | undefined> {
  const answer = expectStatus(await client.send('POST', `/api/v1/trash/${id}/restore`), 200, 404, 409)
  return answer.status === 200 ? (documentOf(answer) as { readonly tags: readonly string[] }) : undefined
}

/** False when it is not there any more. */
export async function purge(client: Client, { id }: TrashItem): Promise<boolean> {
  return expectStatus(await client.send('DELETE', `/api/v1/trash/${id}`), 204, 404).status === 204
}

function documentOf({ bytes, request }: Answer): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch (error) {
    throw new Violation(`${request} answered no JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}
