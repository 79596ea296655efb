import { succeed } from './run-program.ts'

/** Writes a certificate for 127.0.0.1 that signs itself, and its key, as PEM; with openssl. */
export async function createCertificate(certificate: string, key: string): Promise<void> {
  const request = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=berth'.split(' ')
  await succeed(['openssl', ...request, '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', certificate])
}
