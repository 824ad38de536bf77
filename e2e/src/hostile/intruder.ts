/** A modified client in a room: a key of its own, and once it enters one link to everybody who was there before it. */
import type { AuthorFrame, EntryFrame } from '@parley/protocol'
import { docName, type Guest, guestBy, newSession, sealEntry } from './guest.ts'
import { paragraphUpdate } from './paragraphs.ts'
import { RawLink } from './raw-link.ts'
import { RawSignaling } from './raw-signaling.ts'

export const PAGE = docName('content/main')

export class Intruder {
  readonly guest: Guest
  readonly #url: string
  #signaling: RawSignaling | null = null
  #links: readonly RawLink[] = []

  private constructor(url: string, guest: Guest) {
    this.#url = url
    this.guest = guest
  }

  static async byLink(link: string, url: string): Promise<Intruder> {
    return new Intruder(url, await guestBy(link))
  }

  /** Over new connections each time; resolves when everybody has been sent HELLO. */
  async enter(except: readonly Intruder[] = []): Promise<readonly RawLink[]> {
    this.leave()
    const { signaling, peers } = await RawSignaling.join(this.#url, this.guest)
    this.#signaling = signaling
    const others = peers.filter((peer) => !except.some((intruder) => intruder.#signaling?.self === peer))
    this.#links = await Promise.all(others.map((peer) => RawLink.to(peer, signaling, this.guest)))
    return this.#links
  }

  get author(): AuthorFrame {
    return { type: 'author', chain: this.guest.chain }
  }

  /** A paragraph at the beginning of a document, well-formed and rightly signed. */
  paragraph(text: string, doc = PAGE): EntryFrame {
    const session = newSession()
    const update = paragraphUpdate(this.guest.keyId, session, doc, text)
    return { type: 'entry', entry: sealEntry(this.guest, { doc, session, update }) }
  }

  leave(): void {
    this.#signaling?.close()
    for (const link of this.#links) link.close()
  }
}
