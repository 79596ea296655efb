export { record, type Event, type EventActor } from './event-transactions.ts'
