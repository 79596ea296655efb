import { describeBlobStore } from '../blob-store.contract.ts'
import { createFilesystemStore } from './filesystem-store.ts'
import { temporaryFolder } from './temporary-folder.testing.ts'

describeBlobStore('filesystem', {
  async create() {
    const { path, remove } = await temporaryFolder()
    return { store: createFilesystemStore({ root: path }), reopen: () => createFilesystemStore({ root: path }), dispose: remove }
  },
})
