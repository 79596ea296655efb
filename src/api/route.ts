import type { z } from 'zod'
import type { sign, StreamEvent } from './event-stream.ts'
import type { Page, PageRequest } from './paging.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** Where a permission is asked for; neither: in the whole system. */
export interface Place {
  readonly project?: string | undefined
  readonly repository?: string | undefined
}

/** Who asks, as the room that authenticates knows it. */
export interface Caller {
  /** Absent for an anonymous caller. That room alone knows what it is. */
  readonly principal: object | undefined
  readonly identity: string | undefined
  /** The kind of credential that proved it, never the secret. */
  readonly credential: string | undefined
  /** The credential allows less than its owner may. */
  readonly narrowed: boolean
  /** May do nothing but choose a new password. */
  readonly mustChange: boolean
  readonly address: string
  /** The version of rights under which all of this was found out, for what changes something. */
  readonly decidedAt?: number
}

/**
 * What a caller must have. A name of the table of permissions, asked for at the route's place; or, for what everybody may do with
 * their own: `own` (logged in, by any credential that is not narrowed), `own-password` (logged in with the password itself: who found a token
 * must not be able to make it last) and `new-password` (the same, also with a password that has to be changed: who gave it out must not be able to
 * make it last either); and `anybody`, where the answer holds no more than the asker may see.
 */
export type Needed = 'own' | 'own-password' | 'new-password' | 'anybody' | (string & {})

type Values<Shape> = Shape extends z.ZodObject ? z.output<Shape> : Readonly<Record<never, never>>

/** One request to a route, everything in it checked. */
export interface Call<Params, Query, Body> {
  readonly caller: Caller
  readonly params: Values<Params>
  readonly query: Values<Query>
  readonly body: Values<Body>
  /** Of lists. */
  readonly page: PageRequest
  /** Where `If-Match` was given and held: what `current` answered, so that the transaction can look once more. */
  readonly matched: unknown
  /** Of streams: the id of the last event that the client has seen. */
  readonly lastEvent: number | undefined
  /**
   * For what changes many things one after the other: runs one such step for the caller as they are let in now, again where rights have moved
   * meanwhile. Fails with the refusal where they may not go on.
   */
  readonly decideStep: <T>(step: (caller: Caller) => Promise<T>) => Promise<T>
  /** For answers that go on: asks again who the caller is and whether they may have this. Fails when that can't be told. */
  readonly stillAllowed: () => Promise<boolean>
}

type Schema = z.ZodObject | undefined

/** A query as the client wrote it. */
export type Sent = Readonly<Record<string, string>>

/** A route as its room writes it. */
export interface RouteDefinition<Params extends Schema, Query extends Schema, Body extends Schema, Reply extends z.ZodType> {
  /** Names it in the client and in openapi.json: `createProject`. */
  readonly id: string
  readonly method: Method
  /** Below the API's root, with `{name}` for a parameter. */
  readonly path: string
  /** One sentence for openapi.json. */
  readonly summary: string
  readonly needs: Needed
  /**
   * Where `needs` is asked for. Without it: in the whole system. The query is what was sent, and not checked yet: what it names may be no
   * name at all.
   */
  readonly place?: (params: Values<Params>, query: Sent) => Place
  readonly params?: Params
  readonly query?: Query
  readonly body?: Body
  readonly status: 200 | 201 | 204
  /** What the answer holds; of a list, one item. */
  readonly reply?: Reply
  /** Where what was made is: below the API's root. */
  readonly location?: (reply: z.output<Reply>, params: Values<Params>) => string
  /** What the resource looks like before the change, as its own reply schema lets it out, where `If-Match` can be given. */
  readonly current?: (call: Call<Params, Query, undefined>) => Promise<unknown>
}

interface Single<P extends Schema, Q extends Schema, B extends Schema, R extends z.ZodType> extends RouteDefinition<P, Q, B, R> {
  readonly list?: false
  readonly handle: (call: Call<P, Q, B>) => Promise<z.input<R> | undefined | void>
}

interface Listing<P extends Schema, Q extends Schema, B extends Schema, R extends z.ZodType> extends RouteDefinition<P, Q, B, R> {
  readonly list: true
  readonly handle: (call: Call<P, Q, B>) => Promise<Page<z.input<R>>>
}

/** Answers with events for as long as there are any; its `reply` is what every event holds. */
interface Streaming<P extends Schema, Q extends Schema, B extends Schema, R extends z.ZodType> extends RouteDefinition<P, Q, B, R> {
  readonly stream: true
  readonly handle: (call: Call<P, Q, B>) => Promise<AsyncIterableIterator<StreamEvent | typeof sign>>
}

/** A route as the API serves it: a row of the table that the tests of access are made from. */
export interface Route extends Omit<RouteDefinition<Schema, Schema, Schema, z.ZodType>, 'place' | 'location' | 'current'> {
  readonly list: boolean
  readonly stream: boolean
  readonly place: (params: Readonly<Record<string, unknown>>, query: Sent) => Place
  readonly location: ((reply: unknown, params: Readonly<Record<string, unknown>>) => string) | undefined
  readonly current: ((call: AnyCall) => Promise<unknown>) | undefined
  readonly handle: (call: AnyCall) => Promise<unknown>
}

/** A call whose parts were checked by the schemas of the route that gets it. */
export interface AnyCall {
  readonly caller: Caller
  readonly params: Readonly<Record<string, unknown>>
  readonly query: Readonly<Record<string, unknown>>
  readonly body: Readonly<Record<string, unknown>>
  readonly page: PageRequest
  readonly matched: unknown
  readonly lastEvent: number | undefined
  readonly decideStep: <T>(step: (caller: Caller) => Promise<T>) => Promise<T>
  readonly stillAllowed: () => Promise<boolean>
}

/** Takes the types off, so that one table holds routes of any shape. Whatever a schema does not name is refused. */
export function defineRoute<
  R extends z.ZodType = z.ZodNever,
  P extends Schema = undefined,
  Q extends Schema = undefined,
  B extends Schema = undefined,
>(route: Single<P, Q, B, R> | Listing<P, Q, B, R> | Streaming<P, Q, B, R>): Route {
  const strict = { params: route.params?.strict(), query: route.query?.strict(), body: route.body?.strict() }
  return Object.freeze({ list: false, stream: false, place: () => ({}), location: undefined, current: undefined, ...route, ...strict } as unknown as Route)
}
