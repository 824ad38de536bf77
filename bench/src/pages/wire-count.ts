/** Counts what leaves this page on data channels, the same way for every library. */

export interface WireCount {
  readonly messages: number
  readonly bytes: number
}

function lengthOf(data: unknown): number {
  if (typeof data === 'string') return new TextEncoder().encode(data).length
  if (data instanceof Blob) return data.size
  return data instanceof ArrayBuffer || ArrayBuffer.isView(data) ? data.byteLength : 0
}

/** Before the first channel is made. */
export function watchWire(): () => WireCount {
  let messages = 0
  let bytes = 0
  const { prototype } = RTCDataChannel
  const send = prototype.send as (this: RTCDataChannel, data: unknown) => void
  prototype.send = function (this: RTCDataChannel, data: unknown): void {
    messages++
    bytes += lengthOf(data)
    send.call(this, data)
  }
  return () => ({ messages, bytes })
}
