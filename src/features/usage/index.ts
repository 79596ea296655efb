export { createMeter, type UsageMeter } from './meter.ts'
