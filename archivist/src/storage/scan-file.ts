/** Reads a segment's records piece by piece, for files that should not be in memory as a whole. */
import type { FileSystem } from './file-system.ts'
import { SCAN_BYTES } from './limits.ts'
import { recordAt, recordBytesAt, type ScannedRecord } from './log-records.ts'

export interface FileScan {
  readonly fs: FileSystem
  readonly path: string
  readonly fromByte: number
  readonly toByte: number
  /** `atByte` counts from the beginning of the file; the payload is valid during the call. */
  visit(record: ScannedRecord): void
  /** After each piece; `false` ends it. */
  pause?(): Promise<boolean>
}

/** Returns where whole records end: `toByte` unless one is not what was written, or it was ended. Rejects as the disk does. */
export async function scanFile({ fs, path, fromByte, toByte, visit, pause }: FileScan): Promise<number> {
  let at = fromByte
  let least = SCAN_BYTES
  let commit: number | null = null
  while (at < toByte) {
    const piece = await fs.read(path, at, Math.min(least, toByte - at))
    const view = new DataView(piece.buffer, piece.byteOffset, piece.byteLength)
    let inPiece = 0
    for (let record = recordAt(piece, view, 0); record; record = recordAt(piece, view, inPiece)) {
      if (commit !== null && record.commit !== commit && record.commit !== commit + 1) return at + inPiece
      commit = record.commit
      visit({ ...record, atByte: at + inPiece })
      inPiece += recordBytesAt(view, inPiece) as number
    }
    const next = recordBytesAt(view, inPiece)
    const isWhole = next !== null && inPiece + next <= piece.length
    at += inPiece
    if (isWhole || (inPiece === 0 && (next === null || at + next > toByte))) break
    least = Math.max(SCAN_BYTES, next ?? 0)
    if (pause && !(await pause())) break
  }
  return at
}
