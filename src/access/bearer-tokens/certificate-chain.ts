import { type KeyObject, X509Certificate } from 'node:crypto'
import { algorithmOf } from './token-text.ts'

/** Certificates of one chain: that of the key, and two or three up to the root. */
const longest = 5

/**
 * The key that a chain of certificates vouches for, as a token brings it in `x5c` (RFC 7515, section 4.1.6): the first certificate is of the
 * key, each is issued by the next, and the last one is a root, or issued by one. All have to be in their time, and all but the first
 * allowed to issue; constraints of names and lengths are not looked at. The attacker: whoever signs a token and brings a chain that ends in a root of their own, or in a key that may sign tokens
 * and nothing else.
 * @param chain as it stands in the token
 * @param now ms since the epoch
 * @returns absent for any other chain
 */
export function keyOfChain(chain: unknown, roots: readonly X509Certificate[], now: number): KeyObject | undefined {
  if (!Array.isArray(chain) || chain.length === 0 || chain.length > longest) return undefined
  const certificates = chain.map(readCertificate)
  if (!certificates.every((each) => each !== undefined) || !certificates.every((each) => isCurrent(each, now))) return undefined
  const isLinked = certificates.every((each, at) => {
    const issuer = certificates[at + 1]
    return issuer === undefined || isIssuedBy(each, issuer)
  })
  const last = certificates.at(-1)
  const isRooted = last !== undefined && roots.some((root) => root.raw.equals(last.raw) || (isCurrent(root, now) && isIssuedBy(last, root)))
  return isLinked && isRooted ? certificates[0]?.publicKey : undefined
}

/** DER in base64, without anything around it, of a key that a token may be signed with. */
function readCertificate(text: unknown): X509Certificate | undefined {
  if (typeof text !== 'string') return undefined
  const der = Buffer.from(text, 'base64')
  if (der.toString('base64') !== text) return undefined
  try {
    const certificate = new X509Certificate(der)
    return certificate.raw.equals(der) && algorithmOf(certificate.publicKey) !== undefined ? certificate : undefined
  } catch {
    // It is no certificate: node:crypto says so in many ways.
    return undefined
  }
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)
}

function isCurrent({ validFrom, validTo }: X509Certificate, now: number): boolean {
  return Date.parse(validFrom) <= now && now <= Date.parse(validTo)
}
