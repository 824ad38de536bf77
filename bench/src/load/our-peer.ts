/** A peer on `/v1` without WebRTC: it proves itself, offers to whom it is introduced, and answers offers. */
import { fromBase64Url, signalingProofMessage, toBase64Url } from '@parley/protocol'
import { type TestMember, type TestRoom, testRoom } from '@parley/protocol/testing'
import { PUBLIC_HOST } from '../servers/server-process.ts'
import { LoadClient } from './client.ts'

/** Sealed, a data-only SDP and one signal with all candidates, in base64url; [O]ffer and [A]nswer stand in for them. */
const SDP_CHARACTERS = 900
const CANDIDATES_CHARACTERS = 500
const sealed = (kind: 'O' | 'A', length: number): string => kind + 'x'.repeat(length - 1)

interface Named {
  readonly type: string
  readonly peer?: string
  readonly peers?: readonly string[]
  readonly from?: string
  readonly sealed?: string
  readonly nonce?: string
}

export class OurPeer {
  readonly client: LoadClient
  peer = ''
  /** Named in `welcome`. */
  peers: readonly string[] = []
  answers = 0
  /** Who was introduced, and when it was heard, by `performance.now()`. */
  readonly introducedAtMs = new Map<string, number>()

  private constructor(client: LoadClient) {
    this.client = client
  }

  /** Resolves after `welcome`. */
  static async join(url: string, room: TestRoom, member: TestMember): Promise<OurPeer> {
    const client = await LoadClient.connect(`${url}/v1`)
    const self = new OurPeer(client)
    client.onText = (text) => self.#onMessage(JSON.parse(text) as Named, room, member)
    const chain = toBase64Url(member.chainBytes)
    client.send(JSON.stringify({ type: 'hello', v: 1, room: room.roomId, chain }))
    await client.until(() => self.peer !== '')
    return self
  }

  #onMessage(message: Named, room: TestRoom, member: TestMember): void {
    switch (message.type) {
      case 'challenge': {
        const nonce = fromBase64Url(message.nonce ?? '') as Uint8Array
        const signature = toBase64Url(member.key.sign(signalingProofMessage(PUBLIC_HOST, nonce, room.roomId)))
        return this.client.send(JSON.stringify({ type: 'proof', signature }))
      }
      case 'welcome':
        this.peers = message.peers ?? []
        this.peer = message.peer ?? ''
        return
      case 'introduce':
        this.introducedAtMs.set(message.peer ?? '', performance.now())
        return
      case 'signal':
        if (message.sealed?.startsWith('O')) this.#signal(message.from ?? '', 'A', message.sealed.length)
        else this.answers++
        return
      case 'refused':
        throw new Error(`refused: ${JSON.stringify(message)}`)
    }
  }

  #signal(to: string, kind: 'O' | 'A', length: number): void {
    this.client.send(JSON.stringify({ type: 'signal', to, sealed: sealed(kind, length) }))
  }

  /** Two signals to each peer of the welcome, two back from each. */
  async meetAll(): Promise<void> {
    for (const to of this.peers) {
      this.#signal(to, 'O', SDP_CHARACTERS)
      this.#signal(to, 'O', CANDIDATES_CHARACTERS)
    }
    await this.client.until(() => this.answers === 2 * this.peers.length)
  }

  leave(): Promise<void> {
    return this.client.close()
  }
}

/** A room with devices of its own, each of which an invite let in: chains of two grants. */
export async function benchRoom(
  name: string,
  devices: number,
): Promise<{ readonly room: TestRoom; readonly members: readonly TestMember[] }> {
  const room = testRoom(name)
  const invite = await room.invite('editor')
  const members: TestMember[] = []
  for (let i = 0; i < devices; i++) members.push(await room.delegate(invite, `device-${i}`))
  return { room, members }
}
