/**
 * A statement that looks for references by what they lead to: `from reference r {by child} where ...`. Left to itself, SQLite, which knows
 * nothing of how many there are, reads all of a repository's for the sake of an index that has the other columns too.
 */
export function byChild(sql: string): { readonly sqlite: string; readonly postgres: string } {
  return { sqlite: sql.replaceAll('{by child}', 'indexed by reference_by_child'), postgres: sql.replaceAll('{by child}', '') }
}
