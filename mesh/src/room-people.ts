/** The people of a room: who is here and who was let in, what they show of themselves, and where their carets are. */
import type { DocName, KeyId, PresenceFrame } from '@parley/protocol'
import type { Member, Person, Profile, Room } from './api.ts'
import type { Identity } from './join/identity.ts'
import type { AuthorBook } from './journal/author-book.ts'
import type { AeadKey, LinkPath, Platform } from './ports.ts'
import type { AwarenessState } from './presence/document-awareness.ts'
import { PresenceSync } from './presence/presence-sync.ts'
import type { LiveLink, RoomLinks } from './room-links.ts'
import type { RoomStanding } from './room-standing.ts'
import { people } from './room-state.ts'

export interface PeopleDeps {
  readonly self: Room['self']
  readonly identity: Identity
  readonly platform: Pick<Platform, 'cipher' | 'clock' | 'keyring' | 'log' | 'random'>
  readonly authors: AuthorBook
  readonly standing: Pick<RoomStanding, 'isSighted'>
  readonly links: Pick<RoomLinks, 'send'>
  /** Of all epochs that are known, the one in force first. */
  readonly presenceKeys: () => readonly AeadKey[]
  readonly nameOf: (key: KeyId) => string
  readonly pathOf: (key: KeyId) => LinkPath | null
}

export interface PeopleEvents {
  /** Somebody who has told a name came, or told it. */
  joined(person: Person): void
  left(person: Person): void
  changed(): void
  /** `state` is null when the caret is gone. */
  caret(doc: DocName, clientId: number, state: AwarenessState | null): void
}

export class RoomPeople {
  readonly #deps: PeopleDeps
  readonly #events: PeopleEvents
  readonly #presence: PresenceSync<LiveLink>
  readonly #carets = new Map<DocName, Map<number, AwarenessState>>()
  /** As they were told of last. */
  #known: readonly Person[] = []

  constructor(deps: PeopleDeps, profile: Profile, events: PeopleEvents) {
    this.#deps = deps
    this.#events = events
    this.#presence = this.#makePresence()
    this.setProfile(profile)
  }

  #makePresence(): PresenceSync<LiveLink> {
    const { identity, platform, links, presenceKeys } = this.#deps
    const { clock, random, cipher, keyring, log } = platform
    return new PresenceSync<LiveLink>(
      {
        roomId: identity.roomId,
        presenceId: identity.instance,
        signer: identity.signer,
        cipher,
        keys: presenceKeys,
        random,
        clock,
        verify: (publicKey, message, signature) => keyring.verify(publicKey, message, signature),
        send: (live, frame) => links.send(live, frame),
      },
      {
        changed: () => this.changed(),
        caret: (doc, clientId, state) => this.#showCaret(doc, clientId, state),
        dropped: (why) => log('debug', 'presence-dropped', { why }),
      },
    )
  }

  attach(live: LiveLink): void {
    this.#presence.attach(live, live.key)
  }

  detach(live: LiveLink): void {
    this.#presence.detach(live)
  }

  handle(live: LiveLink, frame: PresenceFrame): void {
    this.#presence.handle(live, frame)
  }

  close(): void {
    this.#presence.close()
  }

  setProfile({ name, color }: Profile): void {
    this.#presence.setProfile(name, color)
  }

  setPage(page: DocName | null): void {
    this.#presence.setPage(page)
  }

  /** One's own; `state` is null when it is gone. */
  setCaret(doc: DocName, clientId: number, state: AwarenessState | null): void {
    this.#presence.setCaret(doc, clientId, state)
  }

  /** Those of others. */
  caretsOf(doc: DocName): Iterable<readonly [number, AwarenessState]> {
    return this.#carets.get(doc) ?? []
  }

  #showCaret(doc: DocName, clientId: number, state: AwarenessState | null): void {
    const carets = this.#carets.get(doc) ?? new Map<number, AwarenessState>()
    this.#carets.set(doc, carets)
    if (state) carets.set(clientId, state)
    else carets.delete(clientId)
    this.#events.caret(doc, clientId, state)
  }

  /** Who is here now, oneself first. */
  here(): Person[] {
    const { self, authors, pathOf } = this.#deps
    const own = { key: self.key, role: self.role, ...this.#presence.own }
    const roleOf = (key: KeyId) => authors.standingOf(key)?.role ?? null
    return people(own, this.#presence.present(), roleOf, pathOf)
  }

  /** Everybody whose grant still gives a right. */
  members(): Member[] {
    const { self, authors, standing, nameOf } = this.#deps
    return [...authors.keys()].flatMap((key) => {
      const valid = authors.validStandingOf(key)
      // The root key is nobody: it is used to name and revoke owners, and else kept away.
      if (!valid || key === valid.rootKey) return []
      const { role, notAfterMs, path } = valid
      const sighted = standing.isSighted(key)
      return [{ key, name: nameOf(key), role, self: key === self.key, notAfterMs, path, sighted }]
    })
  }

  /** Somebody may have come, gone, or shown something else of themselves. */
  changed(): void {
    const now = this.here()
    for (const person of now) {
      const isNew = !this.#known.some((before) => before.key === person.key && before.name)
      if (!person.self && person.name !== '' && isNew) this.#events.joined(person)
    }
    for (const person of this.#known) {
      const isHere = now.some((still) => still.key === person.key)
      if (person.name !== '' && !isHere) this.#events.left(person)
    }
    this.#known = now
    this.#events.changed()
  }
}
