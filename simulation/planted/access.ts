import type { Plant, Rig } from './plant.ts'

const matrix = (test: 'the management API' | 'the registry API', row: string): Rig => ({
  name: `matrix of access, ${row}`,
  file: 'simulation/access/matrix.test.ts',
  test,
  row,
})
const isolation = (test: string): Rig => ({ name: 'isolation', file: 'simulation/access/isolation.test.ts', test })
const swapped: Rig = { name: 'swapped ids', file: 'simulation/access/swapped-ids.test.ts', test: 'belongs to one project or account is nothing to another' }
const check = (test: string): Rig => ({ name: 'checks of tokens', file: 'src/access/bearer-tokens/token-check.test.ts', test })

const remembered: Rig = { name: 'remembered decisions', file: 'src/access/rights/remembered-decisions.test.ts', test: 'by whoever remembers nothing' }

const scope = 'src/access/bearer-tokens/token-access.ts'

/** Who may do what, and until when. */
export const access: readonly Plant[] = [
  {
    name: 'a route asks for less than what it does',
    invariant: 6,
    edits: [{ file: 'src/projects/routes.ts', from: "needs: 'project.delete',", to: "needs: 'project.read'," }],
    caughtBy: { rig: matrix('the management API', 'deleteProject'), says: /deleteProject as guest .* should be refused/ },
  },
  {
    name: 'developers may delete',
    invariant: 6,
    edits: [{ file: 'src/access/roles/built-in-roles.ts', from: "'tag.move', 'repository.create']", to: "'tag.move', 'repository.create', 'content.delete']" }],
    caughtBy: { rig: matrix('the registry API', 'deleteBlob'), says: /deleteBlob {2}as developer .* should be refused/ },
  },
  {
    name: 'auditors get more than what ends in read',
    invariant: 6,
    edits: [{ file: 'src/access/roles/built-in-roles.ts', from: "name.endsWith('.read')", to: "name.endsWith('e')" }],
    caughtBy: { rig: matrix('the management API', 'createRole'), says: /createRole as auditor .* should be refused/ },
  },
  {
    name: 'what is internal is open to strangers',
    invariant: 6,
    edits: [{ file: 'src/access/rights/decide.ts', from: "principal?.kind === 'account')", to: "principal?.kind !== 'robot')" }],
    caughtBy: { rig: matrix('the registry API', 'getBlob'), says: /getBlob {2}as anonymous in a project that is internal: 200/ },
  },
  {
    name: 'a mount does not ask about its source',
    invariant: 6,
    edits: [{ file: 'src/registry/upload.ts', from: '    if (!decision.allowed) continue\n', to: '' }],
    caughtBy: { rig: isolation('a blob of another project'), says: /Expected: 202\s+Received: 201/ },
  },
  {
    name: 'the catalog shows everything',
    invariant: 6,
    edits: [
      {
        file: 'src/projects/repository-page.ts',
        from: 'visibleRepositories(database, scope, last, limit)',
        to: 'visibleRepositories(database, { ...scope, everywhere: true }, last, limit)',
      },
    ],
    caughtBy: { rig: isolation('the catalog'), says: /not\.toContain/ },
  },
  {
    name: 'a grant is removed by its id alone',
    invariant: 6,
    edits: [{ file: 'src/access/grants/grant-transactions.ts', from: 'coalesce(namespace_id, 0) = $2', to: '$2 = $2' }],
    caughtBy: { rig: swapped, says: /DELETE \/api\/v1\/projects\/elsewhere\/grants\/\d+: 204/ },
  },
  {
    name: 'a token allows every action in what it names',
    invariant: 6,
    edits: [{ file: scope, from: 'place.permissions.has(permission)', to: "permission !== 'project.create'" }],
    caughtBy: { rig: check('never does more than its scope'), says: /\(fail\) it never does more than its scope/ },
  },
  {
    name: 'a token reaches into a project that was made after it',
    invariant: 7,
    edits: [{ file: scope, from: 'place.project === (project ?? null)', to: '(project !== undefined || place.project === null)' }],
    caughtBy: { rig: check('a token from before a project is void in it'), says: /\(fail\) a token from before a project/ },
  },
  {
    name: 'what is made is not made under the rights that it was decided under',
    invariant: 7,
    edits: [{ file: 'src/record/rights-transactions.ts', from: 'if (actor?.decidedAt === undefined) return undefined\n', to: "if (actor?.decidedAt !== -1) return undefined\n" }],
    caughtBy: { rig: { name: 'what was decided', file: 'simulation/access/decided.test.ts', test: 'what nobody remembers yet' }, says: /\(fail\) .*what nobody remembers yet/ },
  },
  {
    name: 'what was checked of a credential is not forgotten when rights change',
    invariant: 7,
    edits: [{ file: 'src/access/login/authenticator.ts', from: 'if (known?.asOf === asOf) return known.answer', to: 'if (known !== undefined) return known.answer' }],
    caughtBy: { rig: matrix('the registry API', 'listTags'), says: /the end of the revoked token: not within/ },
  },
  {
    name: 'rights that were loaded are kept when they change',
    invariant: 7,
    edits: [{ file: 'src/access/rights/rights-memory.ts', from: 'memory === undefined || now !== madeAt', to: 'memory === undefined || madeAt === undefined' }],
    caughtBy: { rig: { name: 'revocation', file: 'simulation/access/revocation.test.ts', test: 'is gone at once' }, says: /the end of it: not within/ },
  },
  {
    name: 'a former name of a project leads to it although another one has it',
    invariant: 6,
    edits: [
      {
        file: 'src/projects/project-store.ts',
        from: '\n    and not exists (select 1 from namespace own where own.name = $1 and own.deleted_at is null)',
        to: '',
      },
      { file: 'src/projects/project-transactions.ts', from: '  await tx.run(removeAlias, name)\n  if (admin', to: '  if (admin' },
    ],
    caughtBy: {
      rig: { name: 'former names', file: 'src/projects/aliases.test.ts', test: 'lead to what they are now' },
      says: /\(fail\) .*lead to what they are now/,
    },
  },
  {
    name: 'what was allowed from one address is allowed from another',
    invariant: 6,
    edits: [{ file: 'src/access/rights/last-allowed.ts', from: ' && known.address === address', to: " && address !== ''" }],
    caughtBy: { rig: remembered, says: /\(fail\) what was decided a moment ago on SQLite/ },
  },
  {
    name: 'what was allowed about one tag is allowed about all of them',
    invariant: 6,
    edits: [{ file: 'src/access/rights/last-allowed.ts', from: 'repository === undefined || tag !== undefined', to: 'repository === undefined || tag?.length === 0' }],
    caughtBy: { rig: remembered, says: /\(fail\) what was decided a moment ago on SQLite/ },
  },
  {
    name: 'a personal token does not end',
    invariant: 7,
    edits: [{ file: 'src/access/login/secret-login.ts', from: 'const expiresAt = row.expires_at ?? undefined', to: 'const expiresAt = row.expires_at === null ? undefined : Infinity' }],
    caughtBy: { rig: matrix('the registry API', 'listTags'), says: /the end of the expired token: not within/ },
  },
]
