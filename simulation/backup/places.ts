/** A data directory with its database, and the folder of its backup. */
export interface Places {
  readonly data: string
  readonly folder: string
  /** What tells a server or a command of the database. */
  readonly settings: Readonly<Record<string, string>>
}
