/** What the supervisor and its child tell each other over Node's IPC channel (JSON). */
import * as v from 'valibot'
import { operationSchema, outcomeSchema } from './operations.ts'

const count = v.pipe(v.number(), v.integer(), v.minValue(0))

export const statusSchema = v.strictObject({
  roomCount: count,
  /** Not loaded yet, or not to be loaded. */
  unopenedCount: count,
  /** Rooms that failed their check: bytes kept, not served. */
  quarantinedCount: count,
  linkCount: count,
  entryCount: count,
  entryBytes: count,
  /** Names of the open rooms that can be read here. */
  sightedRooms: v.array(v.string()),
  /** Why nothing more is acknowledged, `null` when all is well. */
  readOnly: v.nullable(v.string()),
})
export type KeeperStatus = v.InferOutput<typeof statusSchema>

export const fromChildSchema = v.variant('type', [
  /** The folder is locked and read; rooms are being opened. */
  v.strictObject({ type: v.literal('ready') }),
  v.strictObject({ type: v.literal('status'), status: statusSchema }),
  v.strictObject({ type: v.literal('answer'), id: count, outcome: outcomeSchema }),
  /** The text of the child's own metrics. */
  v.strictObject({ type: v.literal('metrics'), id: count, text: v.string() }),
])
export type FromChild = v.InferOutput<typeof fromChildSchema>

export const toChildSchema = v.variant('type', [
  v.strictObject({ type: v.literal('perform'), id: count, operation: operationSchema }),
  v.strictObject({ type: v.literal('metrics'), id: count }),
  v.strictObject({ type: v.literal('stop') }),
])
export type ToChild = v.InferOutput<typeof toChildSchema>

/** The child ends with it when somebody else holds the folder: trying again at once would change nothing. */
export const EXIT_IN_USE = 3
/** WebRTC is not installed, or not for this machine. */
export const EXIT_UNSUPPORTED = 4
