import { ByteWriter, equalBytes } from '@parley/protocol'
import { encodeCommit, LOG_KINDS } from './log-records.ts'
import type { Manifest } from './manifest.ts'

function headPayload({ room, made }: Manifest, number: number): Uint8Array {
  return new ByteWriter().text('parley/segment/v1').text(room).text(made).varUint(number).done()
}

/** The first bytes of a segment: whose it is, so that no file is taken for another. */
export function encodeHead(manifest: Manifest, number: number): Uint8Array {
  return encodeCommit([{ kind: LOG_KINDS.head, payload: headPayload(manifest, number) }], 0)
}

export function matchesHead(payload: Uint8Array, manifest: Manifest, number: number): boolean {
  return equalBytes(payload, headPayload(manifest, number))
}
