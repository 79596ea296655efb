import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../database/for-each-database.testing.ts'
import { RegistryError, type Digest } from '../oci/index.ts'
import type { AuthorizationQuestion, Authorize, Decision } from './index.ts'
import { anonymous, byDigest, byTag, createTestRegistry, manifestOf, pushBlob, pushManifest, repository, type TestRegistry } from './test-registry.testing.ts'

const yes: Decision = { allowed: true, rule: 'may' }
const no: Decision = { allowed: false, rule: 'tag rule release: nobody' }
const name = 'team/app'

forEachDatabase('a rule about tags', (kind) => {
  let t: TestRegistry
  let rule: (question: AuthorizationQuestion) => ReturnType<Authorize>
  let digest: Digest

  beforeEach(async () => {
    rule = () => yes
    t = await createTestRegistry(kind, (question) => rule(question))
    digest = await push('latest', 'config')
    await push('release', 'config')
  })
  afterEach(() => t.dispose())

  const push = async (tag: string, content: string): Promise<Digest> =>
    await pushManifest(t.registry, name, byTag(tag), manifestOf([], { digest: await pushBlob(t.registry, name, content), size: content.length }))
  const remove = async (reference: Parameters<typeof t.registry.deletes.manifest>[2]): Promise<void> =>
    await t.registry.deletes.manifest(anonymous, repository(name), reference)
  const tags = async (): Promise<readonly string[]> => (await t.registry.lists.tags(anonymous, repository(name), { limit: undefined, last: undefined })).names
  const refusal = async (call: Promise<unknown>): Promise<{ code: string; message: string }> => {
    const error = await call.then(() => undefined, (failure: unknown) => failure)
    if (!(error instanceof RegistryError)) throw new Error('it was not refused')
    return { code: error.code, message: error.message }
  }

  test('holds for a deletion by tag, by digest, and for moving and creating it', async () => {
    rule = ({ tag }) => (tag === 'release' ? no : yes)
    expect(await refusal(remove(byTag('release')))).toEqual({
      code: 'DENIED',
      message: 'you may not delete tag release of team/app: tag rule release: nobody',
    })
    const toTag = { code: 'DENIED', message: 'you may not do this to the tag release: tag rule release: nobody' }
    expect(await refusal(remove(byDigest(digest)))).toEqual(toTag)
    expect(await refusal(push('release', 'another config'))).toEqual(toTag)
    expect(await tags()).toEqual(['latest', 'release'])
    await remove(byTag('latest'))
    expect(await tags()).toEqual(['release'])
    rule = () => yes
    await remove(byDigest(digest))
    expect(await tags()).toEqual([])
  })

  test('tells creating from moving', async () => {
    rule = ({ tag, exists }) => (tag !== undefined && exists === true ? no : yes)
    expect((await refusal(push('latest', 'another config'))).code).toBe('DENIED')
    expect(await push('new', 'another config')).toBeString()
    // A tag that points there already is not moved.
    expect(await push('latest', 'config')).toBe(digest)
  })

  test('holds for a tag that comes while its manifest is being deleted', async () => {
    let came = false
    rule = async ({ action, tag }) => {
      if (action === 'delete' && tag !== undefined && !came) {
        came = true
        await push('protected', 'config')
      }
      return action === 'delete' && tag === 'protected' ? no : yes
    }
    expect((await refusal(remove(byDigest(digest)))).code).toBe('DENIED')
    expect(await tags()).toEqual(['latest', 'protected', 'release'])
  })

  test('is not told to whom the repository is hidden, nor to whom has not logged in', async () => {
    rule = () => ({ ...no, hidden: true })
    const hidden = await refusal(remove(byTag('release')))
    expect(hidden).toEqual(await refusal(t.registry.deletes.manifest(anonymous, repository('no/such'), byTag('release'))))
    expect(hidden.message).not.toContain('rule')
    rule = () => ({ ...no, login: true })
    expect((await refusal(remove(byDigest(digest)))).code).toBe('UNAUTHORIZED')
  })
})
