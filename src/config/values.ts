import { z } from 'zod'
import { nearest, parseDuration, parseNetworks, parseSize } from '../lib/index.ts'
import { parseAddress } from './address.ts'
import type { FaultCode } from './problem.ts'

/** How a value is written, for the guide. */
export type Form =
  | { readonly kind: 'address' | 'directory' | 'file' | 'networks' | 'origin' | 'password' | 'postgres-url' | 'url' | 'word' }
  | { readonly kind: 'duration' | 'period' | 'size' | 'rate' | 'count'; readonly least: string; readonly most: string }
  | { readonly kind: 'choice'; readonly words: readonly string[] }

/** The form of every value by the schema inside of default and optional. */
export const valueForms = z.registry<Form>()

export function address() {
  const schema = z.string().transform((text, context) => parseAddress(text) ?? fault(context, 'not-an-address'))
  return schema.register(valueForms, { kind: 'address' })
}

export function directory() {
  const valid = (text: string) => text !== '' && !text.includes('\0')
  const schema = z.string().transform((text, context) => (valid(text) ? text : fault(context, 'not-a-directory')))
  return schema.register(valueForms, { kind: 'directory' })
}

/** IP networks and addresses divided by commas; `none` is the empty list. */
export function networks() {
  const schema = z.string().transform((text, context) => {
    return text === 'none' ? [] : (parseNetworks(text) ?? fault(context, 'not-networks'))
  })
  return schema.register(valueForms, { kind: 'networks' })
}

export function file() {
  const valid = (text: string) => text !== '' && !text.includes('\0')
  const schema = z.string().transform((text, context) => (valid(text) ? text : fault(context, 'not-a-file')))
  return schema.register(valueForms, { kind: 'file' })
}

/** An address under http or https that can stand in a header. */
export function url() {
  const schema = z.string().transform((text, context) => (isWebAddress(text) ? text : fault(context, 'not-a-url')))
  return schema.register(valueForms, { kind: 'url' })
}

/** Scheme, host and perhaps a port; a slash at the end is taken off. */
export function origin() {
  const schema = z.string().transform((text, context) => {
    const bare = text.replace(/\/$/, '')
    return isWebAddress(bare) && new URL(bare).origin === bare ? bare : fault(context, 'not-an-origin')
  })
  return schema.register(valueForms, { kind: 'origin' })
}

function isWebAddress(text: string): boolean {
  return /^https?:\/\/[\x21\x23-\x5b\x5d-\x7e]+$/.test(text) && URL.canParse(text)
}

/** What can stand between quotes in a header. */
export function word() {
  const valid = (text: string) => /^[\x20\x21\x23-\x5b\x5d-\x7e]{1,255}$/.test(text)
  const schema = z.string().transform((text, context) => (valid(text) ? text : fault(context, 'not-a-word')))
  return schema.register(valueForms, { kind: 'word' })
}

/** One line that is never shown. How good it is, is judged where it is used. */
export function password() {
  const schema = z.string().transform((text, context) => (/^[^\p{Cc}]{1,256}$/u.test(text) ? text : fault(context, 'not-a-password')))
  return schema.register(valueForms, { kind: 'password' })
}

/** A URL as libpq takes it. It is handed on as it was written. */
export function postgresUrl() {
  const valid = (text: string) => /^postgres(?:ql)?:\/\//.test(text) && URL.canParse(text)
  const schema = z.string().transform((text, context) => (valid(text) ? text : fault(context, 'not-a-postgres-url')))
  return schema.register(valueForms, { kind: 'postgres-url' })
}

/** A duration such as `90s` or `24h`, to whole milliseconds. */
export function duration(least: string, most: string) {
  const schema = z.string().transform(quantity(parseDuration, 'not-a-duration', least, most))
  return schema.register(valueForms, { kind: 'duration', least, most })
}

/** A duration, to whole milliseconds; `off` is no duration at all. */
export function period(least: string, most: string) {
  const length = quantity(parseDuration, 'not-a-period', least, most)
  const schema = z.string().transform((text, context) => (text === 'off' ? undefined : length(text, context)))
  return schema.register(valueForms, { kind: 'period', least, most })
}

/** A size such as `8MiB`, to bytes. */
export function size(least: string, most: string) {
  const schema = z.string().transform(quantity(parseSize, 'not-a-size', least, most))
  return schema.register(valueForms, { kind: 'size', least, most })
}

/** An amount a second, such as `16MiB`, to bytes; `off` is 0. */
export function rate(least: string, most: string) {
  const amount = quantity(parseSize, 'not-a-rate', least, most)
  const schema = z.string().transform((text, context) => (text === 'off' ? 0 : amount(text, context)))
  return schema.register(valueForms, { kind: 'rate', least, most })
}

/** How many of something: a whole number without a unit. */
export function count(least: number, most: number) {
  const schema = z.string().transform(quantity(parseCount, 'not-a-count', `${least}`, `${most}`))
  return schema.register(valueForms, { kind: 'count', least: `${least}`, most: `${most}` })
}

function parseCount(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new RangeError(`not a whole number: ${text}`)
  return Number(text)
}

function quantity(parse: (text: string) => number, code: FaultCode, least: string, most: string) {
  const [floor, ceiling] = [parse(least), parse(most)]
  return (text: string, context: z.RefinementCtx): number => {
    let amount
    try {
      amount = parse(text)
    } catch {
      return fault(context, code)
    }
    if (amount < floor) return fault(context, 'too-small', { least })
    return amount > ceiling ? fault(context, 'too-large', { most }) : amount
  }
}

/** One of a few words. */
export function choice<const T extends string>(words: readonly T[]) {
  const schema = z.string().transform((text, context) => {
    const word = words.find((candidate) => candidate === text)
    return word ?? fault(context, 'not-one-of', { choices: words.join(', '), nearest: nearest(text, words) ?? '' })
  })
  return schema.register(valueForms, { kind: 'choice', words })
}

export function toggle() {
  const schema = choice(['true', 'false']).transform((text) => text === 'true')
  return schema.register(valueForms, { kind: 'choice', words: ['true', 'false'] })
}

/** Reports what is wrong with a value as data: `load` reads `message` as the code and `params` as the values. */
export function fault(context: z.RefinementCtx, code: FaultCode, values: Record<string, string> = {}, path: string[] = []): never {
  context.addIssue({ code: 'custom', message: code, params: values, path })
  return z.NEVER
}
