/** What a code means: what HTTP answers, and what is said where nobody says more. */
export interface ErrorMeaning {
  readonly status: number
  readonly message: string
}

/** What is known of one case. */
export interface ErrorCase {
  readonly message?: string
  /** The member of the request that is to be corrected, where it is one. */
  readonly field?: string
}

/** A call that was refused, for a reason the caller can do something about: each room has a table of such reasons, and a class for them. */
export abstract class CodedError<Code extends string> extends Error {
  readonly code: Code
  readonly status: number
  readonly field: string | undefined

  protected constructor(name: string, code: Code, meaning: ErrorMeaning, { message, field }: ErrorCase) {
    super(message ?? meaning.message)
    this.name = name
    this.code = code
    this.status = meaning.status
    this.field = field
  }
}
