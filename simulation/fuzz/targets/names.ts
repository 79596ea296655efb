import {
  namespaceOf,
  parseDigest,
  parseDigestAlgorithm,
  parseReference,
  parseRepositoryName,
  parseTag,
} from '../../../src/oci/index.ts'
import { isKnownDigest, isName, isTag } from '../independent/names.ts'
import type { Target } from '../target.ts'
import { must, text, unless } from './must.ts'

const sha256 = `sha256:${'0123456789abcdef'.repeat(4)}`
const sha512 = `sha512:${'0123456789abcdef'.repeat(8)}`

/** Another reading of the grammar agrees, and what is taken is safe in a path. */
function agree(value: string | undefined, expected: boolean, input: string): void {
  must((value !== undefined) === expected, 'the two readings of a name differ', input, value)
  if (value === undefined) return
  must(value === input, 'a name is taken for another one', input, value)
  must(!value.split('/').some((part) => part === '' || part === '.' || part === '..'), 'a name leads out of its folder', value)
  must(/^[!-~]+$/.test(value) && !/[%\\?#"<>]/.test(value), 'a name is not safe in a URL', value)
}

export const names: readonly Target[] = [
  {
    name: 'repository-name',
    seeds: [
      'library/alpine',
      'a',
      'a/b/c',
      'a.b_c__d---e',
      'a'.repeat(255),
      '../a',
      '/a',
      'a//b',
      'A',
      'a_-b',
      'a___b',
      'a%2fb',
      'a\0',
      'ａ',
    ],
    run(input) {
      const name = unless(() => parseRepositoryName(text(input)), 'NAME_INVALID')
      agree(name, isName(text(input)), text(input))
      if (name !== undefined) must(isName(namespaceOf(name)) && !namespaceOf(name).includes('/'), 'a namespace is no name', name)
    },
  },
  {
    name: 'tag',
    seeds: ['latest', '1.0', '_', 'a'.repeat(128), 'a'.repeat(129), '.', '..', '-a', '', 'a/b', 'a:b', 'A-Z_0.9'],
    run: (input) =>
      agree(
        unless(() => parseTag(text(input)), 'TAG_INVALID'),
        isTag(text(input)),
        text(input),
      ),
  },
  {
    name: 'digest',
    seeds: [
      sha256,
      sha512,
      sha256.toUpperCase(),
      'sha256:',
      'md5:00',
      'sha256:..',
      `${sha256}0`,
      'sha1+b:c=',
      ':',
      'sha256',
      'sha512',
    ],
    run(input) {
      agree(
        unless(() => parseDigest(text(input)), 'DIGEST_INVALID'),
        isKnownDigest(text(input)),
        text(input),
      )
      const algorithm = unless(() => parseDigestAlgorithm(text(input)), 'DIGEST_INVALID')
      must((algorithm !== undefined) === ['sha256', 'sha512'].includes(text(input)), 'an algorithm is taken', text(input))
    },
  },
  {
    name: 'reference',
    seeds: ['latest', sha256, sha512, 'a:b', ':', '', 'sha256', 'v1.0-rc.1'],
    run(input) {
      const given = text(input)
      const reference = unless(() => parseReference(given), 'DIGEST_INVALID', 'TAG_INVALID')
      agree(reference?.kind === 'tag' ? reference.tag : undefined, isTag(given), given)
      agree(reference?.kind === 'digest' ? reference.digest : undefined, isKnownDigest(given), given)
    },
  },
]
