/** Limits of the storage on disk. Each says its unit and its reason; tests inject smaller ones. */
export interface StorageLimits {
  /** A segment takes no more once it has so many bytes: what is read, compared or copied at once stays in memory. */
  readonly segmentBytes: number
  /** Of all rooms together waiting for the disk. Beyond it entries are dropped and their rooms acknowledge nothing more. */
  readonly waitingBytes: number
}

export const DEFAULT_STORAGE_LIMITS: StorageLimits = {
  segmentBytes: 64 * 1024 * 1024,
  waitingBytes: 128 * 1024 * 1024,
}

/** Entries are packed into log records of about this size: one checksum for many, and little memory to pack them in. */
export const PACK_BYTES = 1024 * 1024
/** No log record is longer: a length beyond it is damage, whatever follows. As much as may wait. */
export const LOG_RECORD_BYTES = 128 * 1024 * 1024
/** Of a stored value: the largest is the list of a room's secrets, a few KiB for each epoch. */
export const VALUE_BYTES = 4 * 1024 * 1024
/** Nesting of a stored value. */
export const VALUE_DEPTH = 16
/** UTF-8 bytes of a stored value's key: a log's key has 110. */
export const KEY_BYTES = 1024
/** Of a manifest: 100 bytes a segment, so a room of 600 GB. */
export const MANIFEST_BYTES = 1024 * 1024
