export type { Affected, Finding, FindingCode, Subject } from './finding.ts'
export { textOf, type FindingLanguage, type FindingText } from './finding-texts.ts'
export { inspect, isIndexSound, type Fate, type InspectionOptions, type InspectionProgress, type InspectionSum } from './inspection.ts'
export { createRepair, type Repair } from './repair.ts'
