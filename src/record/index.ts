export { record, type Event, type EventActor } from './event-transactions.ts'
export { bumpDecided, bumpRights, holdDecided, RightsMoved, rightsMoved } from './rights-transactions.ts'
export {
  createEventFeed,
  type EventFeed,
  type FeedEvent,
  type FeedPosition,
  isPositionOf,
  startingPosition,
} from './event-feed.ts'
