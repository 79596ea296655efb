import { type Answer, textAnswer } from '../answer.ts'
import type { Api } from './call.ts'

const documents = 'https://github.com/opencontainers/distribution-spec/blob/main/extensions'

/** What is here beside the specification itself. Repositories have no extensions of their own. */
const extensions = JSON.stringify({
  extensions: [
    {
      name: '_oci',
      description: 'Tells which extensions there are.',
      url: `${documents}/_oci.md`,
      endpoints: ['/v2/_oci/ext/discover'],
    },
    {
      name: '_catalog',
      description: 'Lists the repositories, in pages of n after last.',
      url: `${documents}/README.md`,
      endpoints: ['/v2/_catalog'],
    },
  ],
})

/** GET /v2/_oci/ext/discover (distribution-spec, extensions/_oci.md). */
export function listExtensions({ caching }: Api): Answer {
  return textAnswer(200, 'application/json', extensions, { 'cache-control': caching.byName })
}
