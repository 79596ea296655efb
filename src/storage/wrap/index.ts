export { measuredStore } from './measured-store.ts'
