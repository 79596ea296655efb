/**
 * The rooms of the repository and the rooms each may import; ARCHITECTURE.md has the picture. A room is a folder of src/, a
 * folder of src/features/, or one of the files directly in src/. A room without a row here fails the check.
 */
const arrows: Readonly<Record<string, readonly string[] | 'every room'>> = {
  main: ['app', 'cli', 'config', 'lib'],
  app: 'every room',
  worker: 'every room',
  management: 'every room',
  serving: 'every room',
  working: 'every room',
  transactions: ['registry', 'access', 'projects', 'features', 'jobs', 'record', 'database'],
  writer: ['transactions', 'database', 'lib'],
  workers: ['http', 'config', 'registry', 'database', 'oci', 'observe', 'lib'],
  cli: ['app', 'config', 'client', 'outbound', 'lib'],
  http: ['api', 'registry', 'projects', 'access', 'oci', 'observe', 'lib'],
  features: ['api', 'registry', 'projects', 'access', 'jobs', 'record', 'storage', 'database', 'outbound', 'oci', 'observe', 'lib'],
  projects: ['registry', 'access', 'record', 'database', 'api', 'oci', 'observe', 'lib'],
  access: ['record', 'database', 'outbound', 'api', 'oci', 'observe', 'lib'],
  registry: ['storage', 'record', 'database', 'oci', 'observe', 'lib'],
  jobs: ['record', 'database', 'observe', 'lib'],
  record: ['database', 'observe', 'lib'],
  api: ['oci', 'observe', 'lib'],
  storage: ['oci', 'observe', 'lib'],
  database: ['observe', 'lib'],
  outbound: ['observe', 'lib'],
  config: ['oci', 'lib'],
  oci: ['lib'],
  observe: ['lib'],
  lib: [],
  client: [],
  conformance: [],
  simulation: 'every room',
  bench: [],
  tools: ['management', 'cli', 'api', 'database'],
}

/** `src/features/quotas/routes.ts` is in `features/quotas`, `src/app.ts` in `app`, `tools/test.ts` in `tools`. */
export function roomOf(path: string): string {
  const parts = path.replace(/(\.test(ing)?)?\.ts$/, '').split('/')
  if (parts[0] !== 'src') return parts[0] ?? ''
  return parts[1] === 'features' ? parts.slice(1, 3).join('/') : (parts[1] ?? '')
}

/** Whether a file of one room may import something of another, or undefined for a room that has no row. */
export function mayImport(from: string, to: string): boolean | undefined {
  const allowed = arrows[from.split('/')[0] ?? '']
  if (allowed === undefined) return undefined
  return allowed === 'every room' || allowed.includes(to.split('/')[0] ?? '')
}
