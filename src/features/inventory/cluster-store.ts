import { statement } from '../../database/index.ts'

export interface ClusterRow {
  readonly name: string
  readonly seen_at: number
  readonly counts_until: number
  readonly digests: number
  readonly reported_at: number
  readonly reported_by: string | null
}

/** By their names, those after `$1`. */
export const clusterPage = statement<ClusterRow>(`
  select name, seen_at, counts_until, digests, reported_at, reported_by from inventory_cluster where name > $1 order by name limit $2`)
