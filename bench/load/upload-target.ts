import type { Answer } from './http-connection.ts'

/**
 * Where an upload goes on, or, with a digest, where it ends: `location` may be a URL or a path, with or without a query.
 * @throws Error where there is none
 */
export function uploadTarget(location: string | undefined, digest?: string): string {
  if (location === undefined) throw new Error('an upload without a Location')
  const path = location.replace(/^https?:\/\/[^/]+/, '')
  return digest === undefined ? path : `${path}${path.includes('?') ? '&' : '?'}digest=${digest}`
}

/**
 * That a push was taken as what it is: by Docker-Content-Digest, or, where that is missing, by the Location, which must name it.
 * @throws Error for another digest or none
 */
export function checkAcknowledged({ headers }: Answer, digest: string): void {
  const named = headers.get('docker-content-digest') ?? decodeURIComponent(headers.get('location')?.split('/').at(-1) ?? '')
  if (named !== digest) throw new Error(`acknowledged as ${named}, not ${digest}`)
}
