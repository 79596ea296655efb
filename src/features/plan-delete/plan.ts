/** What a deletion would take, leave and free. Times are ms. */
export interface DeletePlan {
  readonly kind: 'tag' | 'manifest' | 'repository'
  readonly digest: string | undefined
  /** Tags that go. */
  readonly tags: Some<string>
  /** Manifests that go: none with a tag. */
  readonly manifests: Count
  /** What else names the manifest: with a tag they keep it, with a manifest they miss it from then on. */
  readonly named: Named
  /** Manifests whose subject goes; they stay. */
  readonly referrers: Some<Neighbour>
  /** Manifests that a deleted index lists; they stay. */
  readonly children: Some<Neighbour>
  readonly running: Running
  readonly frees: Freed
  /** What the deleted needs and something else needs too. */
  readonly keeps: Readonly<Record<Holder, Amount>>
}

/** Something of this repository; something in its trash; other repositories. */
export type Holder = 'repository' | 'trash' | 'elsewhere'
export const holders: readonly Holder[] = ['repository', 'trash', 'elsewhere']

/** Counted up to a limit; `complete` is false where there are more. */
export interface Count {
  readonly count: number
  readonly complete: boolean
}

/** With the first few of them. */
export interface Some<Item> extends Count {
  readonly first: readonly Item[]
}

export interface Neighbour {
  readonly digest: string
  readonly artifactType: string | undefined
}

export interface Named {
  /** Other tags. */
  readonly tags: Some<string>
  readonly indexes: Some<Neighbour>
  /** Of the manifest, where that is here. */
  readonly subject: string | undefined
}

/** Clusters that have said that it runs there, or an index that lists it. */
export interface Running extends Count {
  readonly lastSeenAt: number | undefined
  /** By name; absent for whoever may not see the inventory. */
  readonly first: readonly { readonly cluster: string; readonly seenAt: number }[] | undefined
}

export interface Amount {
  readonly bytes: number
  readonly blobs: number
}

export interface Freed extends Amount {
  /** False where there is more than was looked at. */
  readonly complete: boolean
  /** False where other repositories may hold some of it too, which was not looked at since the asker may not know. */
  readonly exact: boolean
}

/** What is looked at, for a plan that is answered in a moment whatever is there. */
export const limits = Object.freeze({ names: 1000, shown: 100, blobs: 10_000, page: 500 })

export const nothing: Amount = Object.freeze({ bytes: 0, blobs: 0 })
export const none: Some<never> = Object.freeze({ count: 0, complete: true, first: [] })

/** @param rows one more than `limits.names` where there are more; those that do not count were taken out */
export function some<Item>(looked: number, items: readonly Item[]): Some<Item> {
  const complete = looked <= limits.names
  const counted = complete ? items : items.slice(0, limits.names)
  return { count: counted.length, complete, first: counted.slice(0, limits.shown) }
}
