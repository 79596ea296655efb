import { collectionText, type CollectionReport } from '../collection-text.ts'
import { asTable } from '../shown.ts'
import type { Verb } from '../verb.ts'
import { watchJob } from '../watch-job.ts'

/** `berth gc`. What would be freed nobody asks for without wanting to know: a dry run is waited for. */
export const collectionVerb: Verb = {
  noun: '',
  verb: 'gc',
  help: 'help.gc',
  options: [
    { flags: '-d, --dry-run', help: 'help.gc.dry-run' },
    { flags: '-m, --delete-untagged', help: 'help.gc.delete-untagged' },
    { flags: '--wait', help: 'help.gc.wait' },
    { flags: '--json', help: 'help.gc.json' },
  ],
  run: async (client, typed) => {
    const dryRun = typed.options['dryRun'] === true
    const run = await client.call('startCollection', { body: { dryRun, deleteUntagged: typed.options['deleteUntagged'] === true } })
    if (!dryRun && typed.options['wait'] !== true) return run
    return (await watchJob(client, run.job, typed.watching)).result
  },
  describe: (shown, say) => (isReport(shown) ? collectionText(shown, say) : asTable(shown)),
}

/** Not of a run that is not waited for. */
function isReport(shown: unknown): shown is CollectionReport {
  return (shown as Partial<CollectionReport>).before !== undefined
}
