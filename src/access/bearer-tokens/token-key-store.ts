import { statement } from '../../database/index.ts'

export interface SigningKeyRow {
  readonly id: string
  /** PKCS#8 and SPKI in DER, written in base64. */
  readonly private_key: string
  readonly public_key: string
  readonly created_at: number
}

/** The oldest first. */
export const signingKeys = statement<SigningKeyRow>(`
  select id, private_key, public_key, created_at from signing_key order by created_at, id`)
