/** Which segments a room has. A line of JSON and its CRC-32 in hexadecimal, in a file that is replaced as a whole. */
import { crc32 } from 'node:zlib'
import * as v from 'valibot'
import type { FileSystem } from './file-system.ts'
import { MANIFEST_BYTES } from './limits.ts'
import { replaceFile } from './replace-file.ts'

export const MANIFEST_FILE = 'manifest'

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const schema = v.strictObject({
  version: v.literal(1),
  room: v.string(),
  /** Random, made with the room: a room that was removed and came again is another one to a backup. */
  made: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
  /** Numbers 1, 2, … in order; no byte of them changes any more. */
  sealed: v.array(v.strictObject({ bytes: count, entryCount: count })),
  /** The segment after them is written to. At least so many bytes of it are durable; usually it has more. */
  openBytes: count,
})
export type Manifest = v.InferOutput<typeof schema>

export function segmentFile(number: number): string {
  return `segment-${String(number).padStart(8, '0')}.log`
}

/** Of the segment that is written to. */
export function openNumber({ sealed }: Manifest): number {
  return sealed.length + 1
}

export function formatManifest(manifest: Manifest): Uint8Array {
  const line = JSON.stringify(manifest)
  return Buffer.from(`${line}\n${crc32(line).toString(16)}\n`)
}

/** `null` for whatever is no manifest of this version. */
export function parseManifest(bytes: Uint8Array): Manifest | null {
  if (bytes.length > MANIFEST_BYTES) return null
  const [line = '', checksum, end] = Buffer.from(bytes).toString('utf8').split('\n')
  if (checksum !== crc32(line).toString(16) || end !== '') return null
  try {
    const result = v.safeParse(schema, JSON.parse(line))
    return result.success ? result.output : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

export function writeManifest(fs: FileSystem, folder: string, manifest: Manifest): Promise<void> {
  return replaceFile(fs, folder, MANIFEST_FILE, formatManifest(manifest))
}
