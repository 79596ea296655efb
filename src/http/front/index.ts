export type { Certificate } from './certificate.ts'
export { readCertificate } from './keep-certificate.ts'
export { listenForRedirects } from './listen-for-redirects.ts'
export { type FrontListener, listenBehindFront, type TlsOptions } from './listen-behind-front.ts'
