export type { Certificate } from './certificate.ts'
export { readCertificate } from './keep-certificate.ts'
export { type FrontListener, listenBehindFront, type TlsOptions } from './listen-behind-front.ts'
