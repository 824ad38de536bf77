/** What a running archivist, or a command on its folder, can be asked to do; checked at every door it comes in through. */
import * as v from 'valibot'
import { SEARCH_WORDS, WORD_CHARACTERS } from './reading/limits.ts'

const room = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{22,43}$/))
const word = v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(WORD_CHARACTERS))
const path = v.pipe(v.string(), v.minLength(1), v.maxLength(4096))

export const operationSchema = v.variant('op', [
  /** An owner's link, sealed for this archivist; `room` is what signaling saw the owner prove. */
  v.strictObject({
    op: v.literal('keep'),
    room: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{43}$/)),
    sealed: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{1,8192}$/)),
  }),
  v.strictObject({
    op: v.literal('add'),
    link: v.pipe(v.string(), v.minLength(1), v.maxLength(16 * 1024)),
    /** Takes no read key, whatever the link shows. */
    blind: v.optional(v.boolean(), false),
  }),
  v.strictObject({ op: v.literal('list') }),
  v.strictObject({
    op: v.literal('export'),
    room,
    file: path,
    /** Into a folder of files that anybody can read; else sealed, into one file. */
    plain: v.optional(v.boolean(), false),
  }),
  v.strictObject({ op: v.literal('import'), file: path }),
  v.strictObject({ op: v.literal('remove'), room }),
  v.strictObject({
    op: v.literal('search'),
    /** All rooms with `null`. */
    room: v.nullable(room),
    words: v.pipe(v.array(word), v.minLength(1), v.maxLength(SEARCH_WORDS)),
  }),
])
export type Operation = v.InferOutput<typeof operationSchema>

export const outcomeSchema = v.variant('ok', [
  v.strictObject({ ok: v.literal(true), value: v.unknown() }),
  v.strictObject({ ok: v.literal(false), error: v.string() }),
])
/** `value` is JSON; its shape belongs to the operation. */
export type Outcome = v.InferOutput<typeof outcomeSchema>

/** Reading everything that is kept takes as long as the disk needs. */
export function isLong({ op }: Operation): boolean {
  return op === 'export' || op === 'import' || op === 'search'
}

export function parseOperation(value: unknown): Operation | null {
  const result = v.safeParse(operationSchema, value)
  return result.success ? result.output : null
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
