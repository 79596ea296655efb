import { statement } from '../../database/index.ts'

export const readRightsVersion = statement<{ version: number }>({
  sqlite: `select cast(value as integer) as version from meta where name = 'rights'`,
  postgres: `select value::bigint as version from meta where name = 'rights'`,
})
