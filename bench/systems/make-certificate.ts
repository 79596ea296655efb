import { join } from 'node:path'
import { findProgram, processEnvironment } from '../machine/index.ts'
import type { Place } from './system.ts'

/** A certificate of 127.0.0.1 and its key, in a folder. */
export function makeCertificate(folder: string): NonNullable<Place['tls']> {
  const [certificate, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')]
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  const name = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
  const command = [findProgram('openssl') ?? 'openssl', 'req', ...kind, ...name, '-keyout', key, '-out', certificate]
  const { success, stderr } = Bun.spawnSync(command, { env: processEnvironment })
  if (!success) throw new Error(`openssl failed: ${stderr.toString().slice(0, 300)}`)
  return { certificate, key }
}
