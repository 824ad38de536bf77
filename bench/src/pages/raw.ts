/** The least that a join can cost: the document's V1 bytes over a bare channel, then one `applyUpdate`. */
import * as Y from 'yjs'
import { fill, isFilled, type Sample } from './samples.ts'
import { StallProbe, type Stalls } from './stall-probe.ts'

export interface RawJoin {
  readonly transferMs: number
  readonly applyMs: number
  readonly bytes: number
  readonly stalls: Stalls
}

export interface RawPage {
  /** Resolves to the length of what it will send. */
  host(sample: Sample): Promise<number>
  offer(): Promise<string>
  answer(offer: string): Promise<string>
  accept(answer: string): Promise<void>
  /** In the page that answered, once its channel is open. */
  take(sample: Sample): Promise<RawJoin>
}

/** Figures that gave the best throughput at a bearable delay. */
const CHUNK_BYTES = 16 * 1024
const HIGH_BYTES = 128 * 1024
const LOW_BYTES = 32 * 1024

const connection = new RTCPeerConnection({ iceServers: [] })
let update: Uint8Array<ArrayBuffer> = new Uint8Array()
const opened = new Promise<RTCDataChannel>((resolve) => {
  connection.addEventListener('datachannel', ({ channel }) => {
    channel.binaryType = 'arraybuffer'
    resolve(channel)
  })
})

async function described(description: RTCSessionDescriptionInit): Promise<string> {
  await connection.setLocalDescription(description)
  while (connection.iceGatheringState !== 'complete') {
    await new Promise((resolve) =>
      connection.addEventListener('icegatheringstatechange', resolve, { once: true }),
    )
  }
  return JSON.stringify(connection.localDescription)
}

async function send(channel: RTCDataChannel): Promise<void> {
  channel.bufferedAmountLowThreshold = LOW_BYTES
  channel.send(String(update.length))
  for (let at = 0; at < update.length; at += CHUNK_BYTES) {
    channel.send(update.subarray(at, at + CHUNK_BYTES))
    if (channel.bufferedAmount < HIGH_BYTES) continue
    await new Promise((resolve) => channel.addEventListener('bufferedamountlow', resolve, { once: true }))
  }
}

function receive(channel: RTCDataChannel): Promise<Uint8Array> {
  return new Promise((resolve) => {
    let whole = new Uint8Array()
    let at = 0
    channel.addEventListener('message', ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (typeof data === 'string') {
        whole = new Uint8Array(Number(data))
        return
      }
      whole.set(new Uint8Array(data), at)
      at += data.byteLength
      if (at === whole.length) resolve(whole)
    })
    channel.send('go')
  })
}

const page: RawPage = {
  async host(sample) {
    const doc = new Y.Doc()
    await fill(doc, sample)
    update = Y.encodeStateAsUpdate(doc) as Uint8Array<ArrayBuffer>
    return update.length
  },
  async offer() {
    const channel = connection.createDataChannel('raw')
    channel.binaryType = 'arraybuffer'
    channel.addEventListener('message', () => void send(channel))
    return described(await connection.createOffer())
  },
  async answer(offer) {
    await connection.setRemoteDescription(JSON.parse(offer) as RTCSessionDescriptionInit)
    return described(await connection.createAnswer())
  },
  accept: (answer) => connection.setRemoteDescription(JSON.parse(answer) as RTCSessionDescriptionInit),
  async take(sample) {
    const channel = await opened
    const probe = new StallProbe()
    await new Promise((resolve) => setTimeout(resolve, 100))
    probe.reset()
    const startMs = performance.now()
    const bytes = await receive(channel)
    const cameMs = performance.now()
    const doc = new Y.Doc()
    Y.applyUpdate(doc, bytes)
    const appliedMs = performance.now()
    if (!isFilled(doc, sample)) throw new Error('the document is not complete')
    await new Promise((resolve) => setTimeout(resolve, 50))
    const stalls = probe.stop()
    return { transferMs: cameMs - startMs, applyMs: appliedMs - cameMs, bytes: bytes.length, stalls }
  },
}
Object.assign(globalThis, { bench: page })
