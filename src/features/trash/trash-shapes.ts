import { z } from 'zod'
import { timeOf, timeShape } from '../../access/index.ts'
import type { Restored, TrashEntry } from '../../registry/index.ts'

/** What is in the trash, as the API writes it. */

export const kindShape = z.enum(['tag', 'manifest', 'blob', 'repository', 'project'])

const path = z.string().optional().describe('Of the repository, below the project; an empty text is the one at the root. Absent for a project.')

export const entryShape = z
  .object({
    id: z.string(),
    kind: kindShape,
    project: z.string(),
    path,
    tag: z.string().optional(),
    digest: z.string().optional().describe('Of a manifest or a blob; of a tag that of its manifest.'),
    tags: z.array(z.string()).describe('Of a manifest: the tags that went with it.'),
    cause: z.enum(['person', 'rule']).describe('Who decided that it goes: somebody, or a rule.'),
    deletedAt: timeShape,
    deletedBy: z.string().optional(),
    purgeAt: z.string().describe('Until when it can be restored, RFC 3339.'),
  })
  .meta({ id: 'TrashEntry' })

export const restoredShape = z
  .object({
    kind: kindShape,
    project: z.string(),
    path,
    tags: z.array(z.string()).describe('Tags that came back.'),
    leftOut: z
      .array(z.object({ tag: z.string(), reason: z.enum(['exists', 'denied']) }))
      .describe('Tags that did not: their names are in use now, or the caller may not create them.'),
    manifests: z.array(z.string()).describe('Manifests that came back with it.'),
  })
  .meta({ id: 'Restored' })

/** The project that something lies in, and where in it; no path for the project itself. */
export function placeOfEntry({ kind, path: whole }: Pick<TrashEntry, 'kind' | 'path'>): { readonly project: string; readonly path: string | undefined } {
  const [project = ''] = whole.split('/', 1)
  return { project, path: kind === 'project' ? undefined : whole.slice(project.length + 1) }
}

export function shownEntry(entry: TrashEntry): z.input<typeof entryShape> {
  const { id, kind, tag, digest, tags, cause, deletedAt, deletedBy, purgeAt } = entry
  const times = { deletedAt: timeOf(deletedAt), deletedBy, purgeAt: timeOf(purgeAt) }
  return { id: String(id), kind, ...placeOfEntry(entry), tag, digest, tags: [...tags], cause, ...times }
}

/** @param path of the repository or project as it is called now */
export function shownRestored(kind: TrashEntry['kind'], path: string, { tags, leftOut, manifests }: Restored): z.input<typeof restoredShape> {
  return { kind, ...placeOfEntry({ kind, path }), tags: [...tags], leftOut: leftOut.map((each) => ({ ...each })), manifests: [...manifests] }
}
