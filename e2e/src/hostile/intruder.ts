/** A modified client in a room: its own key, one link to everybody who was there before it. */
import type { AuthorFrame, EntryFrame, KeyId } from '@parley/protocol'
import { docName, type Guest, guestBy, newSession, sealEntry } from './guest.ts'
import { paragraphUpdate } from './paragraphs.ts'
import { RawLink } from './raw-link.ts'
import { RawSignaling } from './raw-signaling.ts'

export const PAGE = docName('content/main')

export class Intruder {
  readonly guest: Guest
  readonly #url: string
  readonly #signaling: RawSignaling
  readonly #links: RawLink[] = []

  private constructor(url: string, guest: Guest, signaling: RawSignaling) {
    this.#url = url
    this.guest = guest
    this.#signaling = signaling
  }

  static async byLink(link: string, url: string): Promise<{ intruder: Intruder; links: readonly RawLink[] }> {
    return Intruder.#enter(url, await guestBy(link))
  }

  static async #enter(url: string, guest: Guest): Promise<{ intruder: Intruder; links: readonly RawLink[] }> {
    const { signaling, peers } = await RawSignaling.join(url, guest)
    const intruder = new Intruder(url, guest, signaling)
    for (const peer of peers) intruder.#links.push(await RawLink.to(peer, signaling, guest))
    return { intruder, links: intruder.#links }
  }

  /** The same key again, over new connections. */
  async again(): Promise<{ intruder: Intruder; links: readonly RawLink[] }> {
    this.leave()
    return Intruder.#enter(this.#url, this.guest)
  }

  get keyId(): KeyId {
    return this.guest.keyId
  }

  get author(): AuthorFrame {
    return { type: 'author', chain: this.guest.chain }
  }

  /** A paragraph at the beginning of a document, well-formed and rightly signed. */
  paragraph(text: string, doc = PAGE): EntryFrame {
    const session = newSession()
    const update = paragraphUpdate(this.keyId, session, doc, text)
    return { type: 'entry', entry: sealEntry(this.guest, { doc, session, update }) }
  }

  leave(): void {
    this.#signaling.close()
    for (const link of this.#links) link.close()
  }
}
