import { statement } from '../database/index.ts'

export const readRightsVersion = statement<{ version: number }>({
  sqlite: `select cast(value as integer) as version from meta where name = 'rights'`,
  postgres: `select value::bigint as version from meta where name = 'rights'`,
})

export const countRightsChange = statement(`
  update meta set value = cast(cast(value as bigint) + 1 as text) where name = 'rights'`)
