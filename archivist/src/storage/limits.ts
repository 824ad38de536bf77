/** Limits of the storage on disk. Each says its unit and its reason; tests inject smaller ones. */
export interface StorageLimits {
  /** A segment takes no more once it has so many bytes: what is read, compared or copied at once stays in memory. */
  readonly segmentBytes: number
  /** Of all rooms together waiting for the disk. Beyond it entries are dropped and their rooms acknowledge nothing more. */
  readonly waitingBytes: number
  /** The index of the segment that is written to is noted after so many bytes: what a start has to read entry by entry. */
  readonly checkpointBytes: number
  /** Sealed segments of a room are read through so long after it was opened: when most have come back… */
  readonly scrubDelayMs: number
  /** …with a pause after each {@link SCAN_BYTES}: 20 MB/s at most, of one room at a time. */
  readonly scrubPauseMs: number
}

export const DEFAULT_STORAGE_LIMITS: StorageLimits = {
  segmentBytes: 64 * 1024 * 1024,
  waitingBytes: 128 * 1024 * 1024,
  checkpointBytes: 16 * 1024 * 1024,
  scrubDelayMs: 10_000,
  scrubPauseMs: 100,
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

/** Of an index without its rows: stretches of logs, about 300 bytes each, and stored values. */
export const INDEX_HEAD_BYTES = 256 * 1024 * 1024
/** UTF-8 bytes of a log's name in an index: one of the mesh has 120. */
export const LOG_NAME_BYTES = 256
/** A file is read through in pieces of so many bytes; a record that is longer is read as a whole. */
export const SCAN_BYTES = 2 * 1024 * 1024
/** Entries that are asked for are read so far ahead, in bytes of the segment: one piece in memory for each who asks. */
export const READ_BYTES = 512 * 1024
/** Between two entries that are asked for, so much else is read along rather than asking the disk twice. */
export const READ_GAP_BYTES = 64 * 1024
/** Rows of an index read at once for one reader, of all logs together: 2 MB. */
export const READ_ROWS = 32 * 1024
