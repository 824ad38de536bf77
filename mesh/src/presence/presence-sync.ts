/**
 * Who is here and where their caret is. Nothing of it is stored; a closed link, not a timer, tells that somebody left.
 * Rules: docs/spec.md, PR.
 */
import {
  concatBytes,
  type DocName,
  decodePresencePayload,
  encodePresencePayload,
  equalBytes,
  factsMessage,
  IV_BYTES,
  idBytes,
  type KeyId,
  limits,
  MalformedError,
  type PresenceCaret,
  type PresenceFacts,
  type PresenceFrame,
  type PresencePayload,
  presenceAdditionalData,
  type RoomId,
  utf8,
  type Verify,
} from '@parley/protocol'
import { CARET_INTERVAL_MS, FACTS_INTERVAL_MS, PRESENCE_PER_LINK } from '../limits.ts'
import type { AeadKey, Cipher, Clock, Random, Signer } from '../ports.ts'
import type { AwarenessState } from './document-awareness.ts'
import { cleanName, formatColor, parseCaretState, parseColor } from './presence-state.ts'
import { Throttle } from './throttle.ts'

export interface PresenceDeps<Link extends object> {
  readonly roomId: RoomId
  readonly presenceId: Uint8Array
  readonly signer: Signer
  readonly cipher: Cipher
  /** Presence keys of the epochs that are known, the one in force first. */
  readonly keys: () => readonly AeadKey[]
  readonly random: Random
  readonly clock: Clock
  readonly verify: Verify
  readonly send: (link: Link, frame: PresenceFrame) => void
}

export interface PresenceEvents {
  /** Facts of somebody changed. */
  changed(): void
  /** `state` is null when the caret is gone. */
  caret(doc: DocName, clientId: number, state: AwarenessState | null): void
  /** Presence that breaks a rule is dropped; only drawing depends on it. */
  dropped(why: string): void
}

/** What one linked copy shows of itself. */
export interface Present {
  readonly key: KeyId
  readonly name: string
  readonly color: string
  readonly handRaised: boolean
  readonly page: DocName | null
}

interface LinkPresence {
  readonly key: KeyId
  facts: PresenceFacts | null
  readonly carets: Map<DocName, { clientId: number; seq: number; state: AwarenessState }>
  /** Frames are opened one after the other: latest wins needs order. */
  inbox: Promise<void>
}

export class PresenceSync<Link extends object> {
  readonly #deps: PresenceDeps<Link>
  readonly #events: PresenceEvents
  readonly #links = new Map<Link, LinkPresence>()
  readonly #ownCarets = new Map<DocName, { clientId: number; state: AwarenessState | null }>()
  readonly #dirtyCarets = new Set<DocName>()
  readonly #facts: Throttle
  readonly #carets: Throttle
  #seq = 0
  #own = { name: '', color: 0x808080, handRaised: false, page: null as DocName | null }

  constructor(deps: PresenceDeps<Link>, events: PresenceEvents) {
    this.#deps = deps
    this.#events = events
    this.#facts = new Throttle(
      deps.clock,
      FACTS_INTERVAL_MS,
      () => void this.#sendFacts([...this.#links.keys()]),
    )
    this.#carets = new Throttle(deps.clock, CARET_INTERVAL_MS, () => this.#sendDirtyCarets())
  }

  get own(): Omit<Present, 'key'> {
    return { ...this.#own, color: formatColor(this.#own.color) }
  }

  setProfile(name: string, color: string): void {
    this.#own = { ...this.#own, name: cleanName(name, limits.NAME_CHARACTERS), color: parseColor(color) }
    this.#facts.trigger()
  }

  setPage(page: DocName | null): void {
    if (this.#own.page === page) return
    this.#own = { ...this.#own, page }
    this.#facts.trigger()
  }

  setCaret(doc: DocName, clientId: number, state: AwarenessState | null): void {
    this.#ownCarets.set(doc, { clientId, state })
    this.#dirtyCarets.add(doc)
    this.#carets.trigger()
  }

  /** `key` is the device key that the link has proven. */
  attach(link: Link, key: KeyId): void {
    this.#links.set(link, { key, facts: null, carets: new Map(), inbox: Promise.resolve() })
    void this.#sendFacts([link]).then(() => this.#sendCarets([link], this.#ownCarets.keys()))
  }

  detach(link: Link): void {
    const presence = this.#links.get(link)
    if (!presence) return
    this.#links.delete(link)
    for (const [doc, { clientId }] of presence.carets) this.#events.caret(doc, clientId, null)
    this.#events.changed()
  }

  /** One item per linked copy that has shown itself. */
  present(): Present[] {
    return [...this.#links.values()].map(({ key, facts }) => ({
      key,
      name: facts ? cleanName(facts.name, limits.NAME_CHARACTERS) : '',
      color: formatColor(facts?.color ?? 0x808080),
      handRaised: facts?.handRaised ?? false,
      page: facts?.page ?? null,
    }))
  }

  handle(link: Link, frame: PresenceFrame): void {
    const presence = this.#links.get(link)
    if (!presence) return
    const sealed = frame.sealed.slice()
    presence.inbox = presence.inbox.then(() => this.#open(link, presence, sealed))
  }

  close(): void {
    this.#facts.cancel()
    this.#carets.cancel()
    this.#links.clear()
  }

  async #open(link: Link, presence: LinkPresence, sealed: Uint8Array): Promise<void> {
    const bytes = await this.#decrypt(sealed)
    if (!bytes) return this.#events.dropped('sealed under another key')
    let payload: PresencePayload
    try {
      payload = decodePresencePayload(bytes)
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error
      return this.#events.dropped(error.message)
    }
    if (!this.#links.has(link)) return
    if (payload.kind === 'facts') await this.#handleFacts(presence, payload)
    else if (payload.kind === 'caret') this.#handleCaret(presence, payload)
  }

  async #decrypt(sealed: Uint8Array): Promise<Uint8Array | null> {
    const { cipher, keys, roomId } = this.#deps
    const iv = sealed.subarray(0, IV_BYTES)
    for (const key of keys()) {
      const bytes = await cipher.decrypt(key, iv, presenceAdditionalData(roomId), sealed.subarray(IV_BYTES))
      if (bytes) return bytes
    }
    return null
  }

  async #handleFacts(presence: LinkPresence, facts: PresenceFacts): Promise<void> {
    if (!equalBytes(facts.key, idBytes(presence.key))) return this.#events.dropped('facts of another key')
    if (presence.facts && facts.seq <= presence.facts.seq) return
    const message = factsMessage(this.#deps.roomId, facts)
    if (!(await this.#deps.verify(facts.key, message, facts.signature))) {
      return this.#events.dropped('facts with a wrong signature')
    }
    presence.facts = facts
    for (const [doc, { clientId, state }] of presence.carets) this.#showCaret(presence, doc, clientId, state)
    this.#events.changed()
  }

  #handleCaret(presence: LinkPresence, caret: PresenceCaret): void {
    const known = presence.carets.get(caret.doc)
    if (!presence.facts || !equalBytes(caret.presenceId, presence.facts.presenceId)) {
      return this.#events.dropped('caret without facts')
    }
    if (known && caret.seq <= known.seq) return
    if (known && known.clientId !== caret.clientId) this.#events.caret(caret.doc, known.clientId, null)
    if (this.#isOfAnother(presence, caret)) return this.#events.dropped('caret of another copy')
    const state = caret.stateJson === '' ? null : parseCaretState(caret.stateJson)
    if (state === null) {
      presence.carets.delete(caret.doc)
      this.#events.caret(caret.doc, caret.clientId, null)
      return
    }
    if (!known && presence.carets.size >= PRESENCE_PER_LINK) return this.#events.dropped('too many carets')
    presence.carets.set(caret.doc, { clientId: caret.clientId, seq: caret.seq, state })
    this.#showCaret(presence, caret.doc, caret.clientId, state)
  }

  /** A clientID belongs to the copy that showed it first: nobody moves or hides somebody else's caret. */
  #isOfAnother(presence: LinkPresence, caret: PresenceCaret): boolean {
    for (const other of this.#links.values()) {
      if (other !== presence && other.carets.get(caret.doc)?.clientId === caret.clientId) return true
    }
    return false
  }

  /** Name and colour come from the signed facts, whatever the caret says. */
  #showCaret(presence: LinkPresence, doc: DocName, clientId: number, state: AwarenessState): void {
    const { facts } = presence
    if (!facts) return
    const name = cleanName(facts.name, limits.NAME_CHARACTERS)
    this.#events.caret(doc, clientId, { ...state, user: { name, color: formatColor(facts.color) } })
  }

  async #sendFacts(links: readonly Link[]): Promise<void> {
    const { roomId, presenceId, signer } = this.#deps
    const facts = { presenceId, key: signer.publicKey, seq: ++this.#seq, ...this.#own }
    const signature = await signer.sign(factsMessage(roomId, facts))
    await this.#send(links, { kind: 'facts', ...facts, signature })
  }

  #sendDirtyCarets(): void {
    const docs = [...this.#dirtyCarets]
    this.#dirtyCarets.clear()
    void this.#sendCarets([...this.#links.keys()], docs)
  }

  async #sendCarets(links: readonly Link[], docs: Iterable<DocName>): Promise<void> {
    for (const doc of docs) {
      const own = this.#ownCarets.get(doc)
      if (!own) continue
      const json = own.state ? JSON.stringify(own.state) : ''
      if (utf8(json).length > limits.PRESENCE_BYTES - 256) {
        this.#events.dropped('own caret too large')
        continue
      }
      const { presenceId } = this.#deps
      const caret = {
        kind: 'caret',
        presenceId,
        seq: ++this.#seq,
        doc,
        clientId: own.clientId,
        stateJson: json,
      } as const
      await this.#send(links, caret)
    }
  }

  async #send(links: readonly Link[], payload: PresencePayload): Promise<void> {
    if (links.length === 0) return
    const { cipher, keys, random, roomId } = this.#deps
    const [key] = keys()
    if (!key) return
    const iv = random.bytes(IV_BYTES)
    const plaintext = encodePresencePayload(payload)
    const sealed = concatBytes(iv, await cipher.encrypt(key, iv, presenceAdditionalData(roomId), plaintext))
    for (const link of links) if (this.#links.has(link)) this.#deps.send(link, { type: 'presence', sealed })
  }
}
