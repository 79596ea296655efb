import type { Config } from '../../config/index.ts'
import { formatHost } from '../../lib/index.ts'
import type { MessageKey, Say } from '../messages.ts'

/** Codes of the system for a listener that cannot be opened. Bun answers ENOTCONN for a name that does not resolve. */
const listenTexts = new Map<unknown, MessageKey>([
  ['EADDRINUSE', 'start.port-in-use'],
  ['EADDRNOTAVAIL', 'start.no-address'],
  ['ENOTCONN', 'start.no-address'],
  ['EACCES', 'start.port-forbidden'],
])

/** Codes of the database, of the blob store and of the system's file calls. */
const otherTexts = new Map<unknown, MessageKey>([
  ['locked', 'start.locked'],
  ['newer', 'start.database'],
  ['corrupt', 'start.database'],
  ['lost', 'start.lost'],
  ['occupied', 'start.occupied'],
  ['unavailable', 'start.unavailable'],
  ['full', 'start.full'],
  ['ENOSPC', 'start.full'],
  ['EACCES', 'start.data-unusable'],
  ['EPERM', 'start.data-unusable'],
  ['EROFS', 'start.data-unusable'],
  ['ENOTDIR', 'start.data-unusable'],
  ['EEXIST', 'start.data-unusable'],
  ['certificate-unreadable', 'start.certificate-unreadable'],
  ['certificate-not-pem', 'start.certificate-not-pem'],
  ['certificate-encrypted', 'start.certificate-encrypted'],
  ['certificate-mismatch', 'start.certificate-mismatch'],
  ['certificate-expired', 'start.certificate-expired'],
  ['certificate-not-yet', 'start.certificate-not-yet'],
])

/** What is said of other keys than `listen`. */
const settingTexts = new Map<unknown, MessageKey>([
  ['ops.listen', 'start.ops'],
  ['tls.redirect', 'start.redirect'],
  ['admin.password', 'start.admin-password'],
])

/** Whether the server could not start because of what the configuration names, as if it stood there. */
export function isConfigFault(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code, setting }: StartError = error
  return String(code).startsWith('certificate-') || setting === 'admin.password'
}

/** Where a command that failed says something else than a server that could not start. */
const otherwise = {
  serve: new Map<MessageKey, MessageKey>(),
  fsck: new Map<MessageKey, MessageKey>([
    ['start.locked', 'fsck.locked'],
    ['start.unavailable', 'fsck.unavailable'],
    ['start.full', 'fsck.failed'],
    ['start.failed', 'fsck.failed'],
  ]),
  'garbage-collect': new Map<MessageKey, MessageKey>([
    ['start.unavailable', 'gc.unavailable'],
    ['start.full', 'gc.failed'],
    ['start.failed', 'gc.failed'],
  ]),
  'rebuild-index': new Map<MessageKey, MessageKey>([
    ['start.full', 'rebuild.failed'],
    ['start.failed', 'rebuild.failed'],
  ]),
}

/** `setting`: the key whose value could not be used, where it is another one than `listen`. */
interface StartError extends NodeJS.ErrnoException {
  readonly setting?: string
}

/** Of a folder that processes may share, the reason says with whom it cannot be. */
function lockedText(code: unknown, { database }: Config): MessageKey | undefined {
  return code === 'locked' && database.url !== undefined ? 'start.locked-work' : undefined
}

/**
 * Says in one line why the server could not start, or the check not be made, and what to do about it; whoever asked for debug messages gets the stack too.
 * Errors are told apart by their `code`.
 */
export function describeStartFailure(error: unknown, config: Config, say: Say, command: keyof typeof otherwise = 'serve'): string {
  const { code, syscall, message, stack, setting }: StartError = error instanceof Error ? error : new Error(String(error))
  const texts = syscall === 'listen' ? listenTexts : otherTexts
  const host = formatHost(config.listen.host)
  const addressOf = ({ host: own, port } = config.listen) => `${formatHost(own)}:${port}`
  const [opsAddress, redirectAddress] = [addressOf(config.ops.listen), addressOf(config.tls.redirect)]
  const values = { host, address: addressOf(), opsAddress, redirectAddress, data: config.data, reason: message.replace(/\.$/, '') }
  const text = settingTexts.get(setting) ?? (command === 'serve' ? lockedText(code, config) : undefined) ?? texts.get(code) ?? 'start.failed'
  const line = `berth: ${say(otherwise[command].get(text) ?? text, values)}\n`
  return config.log.level === 'debug' || config.log.level === 'trace' ? `${line}${stack ?? ''}\n` : line
}
