/** Who asks. Every core call takes one; until access control exists all of them are anonymous. */
export interface Actor {
  /** Name of the authenticated identity; absent for an anonymous caller. */
  readonly identity: string | undefined
  /** Whose its uploads are, where the name may change: a robot's has that of its project in it. Else it is `identity`. */
  readonly owner?: string | undefined
  /** What kind of credential proved it (`password`, `token` ...); absent for an anonymous caller. Never the secret itself. */
  readonly credential: string | undefined
  /** The identity as the room that authorizes knows it; the core only hands it on. */
  readonly principal?: object | undefined
  /** Network address of the caller: of the client behind trusted proxies, where there are some. */
  readonly address: string
}
