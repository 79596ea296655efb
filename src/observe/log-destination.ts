import { pino } from 'pino'
import { type Clock, systemClock } from '../lib/index.ts'
import { isoTime } from './access-line.ts'

/** Where lines of log go. A line comes whole, with its line feed. */
export interface LogDestination {
  write(line: string): void
  /** Writes out what is buffered. Nothing is written afterwards. */
  close(): Promise<void>
}

/** How long a line waits in memory at most, in milliseconds, so that whoever watches the log sees it at once. */
const flushEvery = 250
/** This many characters are handed to the system together: a write for each line would cost more than the request did. */
const portion = 32 * 1024
/** When nobody takes the lines (a pipe that is not read, a full disk), more than this many of their bytes are dropped. */
const mostWaiting = 8 * 1024 * 1024

/**
 * Buffered, asynchronous writes to an open file descriptor (1 is standard output). A log that nobody reads or that cannot be
 * written never stops or slows the server: lines are dropped, and how often is told once there is room again.
 */
export function createFileDestination(descriptor: number, clock: Clock = systemClock): LogDestination {
  return new FileDestination(descriptor, clock)
}

class FileDestination implements LogDestination {
  readonly #stream
  readonly #clock: Clock
  #collected = ''
  #timed = false
  #dropped = 0
  #abandoned = false

  constructor(descriptor: number, clock: Clock) {
    this.#clock = clock
    this.#stream = pino.destination({ fd: descriptor, sync: false, maxWrite: 4 * portion, maxLength: mostWaiting })
    this.#stream.on('drop', () => {
      this.#dropped++
    })
    this.#stream.on('drain', () => this.#tellDropped())
    // A log that cannot be written has nowhere to say so; what waits is tried again with the next portion. Only a pipe whose
    // reader has gone never comes back: the stream ignores everything from then on, its own end too.
    this.#stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') this.#abandoned = true
    })
  }

  write(line: string): void {
    this.#collected += line
    if (this.#collected.length >= portion) this.#flush()
    else if (!this.#timed) void this.#flushSoon()
  }

  async close(): Promise<void> {
    this.#flush()
    if (this.#abandoned) return
    await new Promise<void>((resolve) => {
      this.#stream.once('close', resolve)
      // What could not be written now is lost: trying on would keep the process from ending.
      this.#stream.once('error', () => {
        this.#stream.destroy()
        resolve()
      })
      this.#stream.end()
    })
  }

  #flush(): void {
    if (this.#collected === '') return
    this.#stream.write(this.#collected)
    this.#collected = ''
  }

  async #flushSoon(): Promise<void> {
    this.#timed = true
    await this.#clock.sleep(flushEvery)
    this.#timed = false
    this.#flush()
  }

  #tellDropped(): void {
    if (this.#dropped === 0) return
    const times = this.#dropped
    this.#dropped = 0
    const head = `{"level":"warn","time":"${isoTime(this.#clock.now())}"`
    this.#stream.write(`${head},"msg":"log lines were dropped: nobody took them fast enough","times":${times}}\n`)
  }
}
