import { createChecks } from './checks.ts'
import type { CheckName, Scene } from './check.ts'
import type { Finding, FindingCode } from './finding.ts'
import type { Repair } from './repair.ts'

/** What became of a finding: `repaired`; `kept` where nothing could be done, or nothing was asked for. */
export type Fate = 'repaired' | 'kept'

export interface InspectionOptions {
  readonly scene: Omit<Scene, 'pace'>
  /** Absent for a check that changes nothing. */
  readonly repair: Repair | undefined
  readonly onFinding: (finding: Finding, fate: Fate) => void
  /** Told after each page, and while much is read. */
  readonly onProgress: (progress: InspectionProgress) => void
}

export interface InspectionProgress {
  /** What is being looked at now. */
  readonly check: CheckName
  /** Rows and files looked at so far, by check. */
  readonly looked: Readonly<Partial<Record<CheckName, number>>>
  /** Bytes read to be hashed. */
  readonly bytes: number
}

export interface InspectionSum {
  readonly findings: number
  /** Findings by their code. */
  readonly codes: Readonly<Partial<Record<FindingCode, number>>>
  readonly repaired: number
  readonly looked: InspectionProgress['looked']
  readonly bytes: number
}

/** How many bytes pass between two reports of progress. */
const reportEvery = 16 * 1024 * 1024

/** Looks at everything once, and repairs what it is allowed to. Fails when it can't look: with the store's or database's error. */
export async function inspect({ scene, repair, onFinding, onProgress }: InspectionOptions): Promise<InspectionSum> {
  const looked: Partial<Record<CheckName, number>> = {}
  const codes: Partial<Record<FindingCode, number>> = {}
  let [findings, repaired, bytes, reported] = [0, 0, 0, 0]
  let current: CheckName = 'database'
  const pace = (read: number): void => {
    bytes += read
    if (bytes - reported < reportEvery) return
    reported = bytes
    onProgress({ check: current, looked, bytes })
  }
  for (const check of createChecks({ ...scene, pace })) {
    current = check.name
    let position: Parameters<typeof check.page>[0]
    do {
      const page = await check.page(position)
      for (const found of page.findings) {
        const fate: Fate = (await repair?.(found)) === true ? 'repaired' : 'kept'
        findings++
        codes[found.code] = (codes[found.code] ?? 0) + 1
        if (fate === 'repaired') repaired++
        onFinding(found, fate)
      }
      looked[check.name] = (looked[check.name] ?? 0) + page.looked
      onProgress({ check: current, looked, bytes })
      position = page.next
    } while (position !== undefined)
  }
  return { findings, codes, repaired, looked, bytes }
}

/**
 * Findings that the index is not to blame for. A file nobody knows may be the rest of something newer than a rebuilt index; bytes
 * marked damaged are lost, and the index says so.
 */
const soundCodes: ReadonlySet<string> = new Set<FindingCode>(['file-unknown', 'file-foreign', 'object-damaged'])

/** Whether everything that the database says is so. */
export function isIndexSound({ codes }: InspectionSum): boolean {
  return Object.keys(codes).every((code) => soundCodes.has(code))
}
