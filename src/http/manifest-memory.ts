import type { RegistryError } from '../oci/index.ts'

/** The memory for large manifests that are being pushed, shared by all of them. */
export interface ManifestMemory {
  open(): MemoryShare
}

/** What one push holds of it. */
export interface MemoryShare {
  /** Takes so many bytes more. Throws what `refuse` gives when they are not there: others hold them. */
  grow(bytes: number): void
  /** Gives all of it back. */
  close(): void
}

export function createManifestMemory(bytes: number, refuse: () => RegistryError): ManifestMemory {
  let free = bytes

  function open(): MemoryShare {
    let held = 0
    return {
      grow: (more) => {
        if (more > free) throw refuse()
        free -= more
        held += more
      },
      close: () => {
        free += held
        held = 0
      },
    }
  }

  return Object.freeze({ open })
}
