/**
 * Rooms in memory with two made-up people, for looking at the screens without a server and for tests of elements. Wishes
 * go into the address: `?role=viewer`, `connection=unreachable`, `save=failed`, `people=0`.
 */

import { DocumentAwareness, type HistoryEntry, ParleyError } from '@parley/mesh'
import {
  type DocName,
  formatRoomLink,
  type KeyId,
  keyIdOf,
  NEVER_MS,
  parseDocName,
  parseRoomLink,
  type Role,
  type RoomId,
  roomIdOf,
  signGrant,
} from '@parley/protocol'
import * as Y from 'yjs'
import type {
  ConnectionState,
  DocumentHandle,
  Invite,
  InviteOptions,
  KeepOnServerOptions,
  Member,
  Moment,
  OpenOptions,
  Person,
  Profile,
  Room,
  RoomEvent,
  RoomFileFacts,
  RoomState,
  SaveState,
  Support,
} from '../mesh-types.ts'

const wish = {
  get: (name: string): string | null => new URLSearchParams(globalThis.location?.search ?? '').get(name),
}
const bytes = (count: number): Uint8Array<ArrayBuffer> => crypto.getRandomValues(new Uint8Array(count))
const CONNECTIONS: Readonly<Record<string, ConnectionState>> = {
  connecting: { name: 'connecting' },
  alone: { name: 'alone' },
  connected: { name: 'connected', linkCount: 2, relayedCount: 0, signaling: 'up' },
  relayed: { name: 'connected', linkCount: 2, relayedCount: 1, signaling: 'up' },
  down: { name: 'connected', linkCount: 2, relayedCount: 0, signaling: 'down' },
  offline: { name: 'offline' },
  full: { name: 'full' },
  unreachable: { name: 'unreachable', peerCount: 2 },
  refused: { name: 'refused', reason: 'role' },
  revoked: { name: 'refused', reason: 'revoked' },
}

function person(name: string, color: string, role: Role, self = false): Person {
  return { key: keyIdOf(bytes(32)), name, color, role, self, handRaised: false, page: null, path: null }
}

class FakeDocument implements DocumentHandle {
  readonly name
  doc = new Y.Doc()
  awareness = new DocumentAwareness(this.doc)
  readonly writable: boolean
  readonly whenLoaded = Promise.resolve()
  readonly #listeners = new Set<() => void>()

  constructor(name: string, writable: boolean) {
    const parsed = parseDocName(name)
    if (parsed === null) throw new ParleyError('not-allowed', 'no such document')
    this.name = parsed
    this.writable = writable
  }

  onReplaced(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  replace(): void {
    const state = Y.encodeStateAsUpdate(this.doc)
    this.doc = new Y.Doc()
    Y.applyUpdate(this.doc, state)
    this.awareness = new DocumentAwareness(this.doc)
    for (const listener of this.#listeners) listener()
  }
}

function paragraph(...parts: readonly (string | [string, object])[]): Y.XmlElement {
  const element = new Y.XmlElement('paragraph')
  const text = new Y.XmlText()
  element.insert(0, [text])
  text.applyDelta(
    parts.map((part) =>
      typeof part === 'string' ? { insert: part } : { insert: part[0], attributes: part[1] },
    ),
  )
  return element
}

function heading(level: number, words: string): Y.XmlElement {
  const element = new Y.XmlElement<{ level: number }>('heading')
  element.setAttribute('level', level)
  element.insert(0, [new Y.XmlText(words)])
  return element as unknown as Y.XmlElement
}

function list(...items: string[]): Y.XmlElement {
  const element = new Y.XmlElement('bulletList')
  element.insert(
    0,
    items.map((words) => {
      const item = new Y.XmlElement('listItem')
      item.insert(0, [paragraph(words)])
      return item
    }),
  )
  return element
}

function writeSample(doc: Y.Doc): void {
  doc
    .getXmlFragment('prosemirror')
    .insert(0, [
      heading(1, 'Harbour festival, second draft'),
      paragraph(
        'We open the quay at ten. ',
        ['Lin', { bold: {} }],
        ' brings the tide tables; the boats come in from the north side, so the stage stands on the south one and nobody has to cross the cranes.',
      ),
      heading(2, 'Still open'),
      list(
        'Who holds the keys of the boathouse',
        'A second first-aid tent near the ferry',
        'Rain plan: the old market hall',
      ),
      paragraph(
        'The choir has asked for a slot after lunch. It should be short, and ',
        ['not', { italic: {} }],
        ' at the same time as the race.',
      ),
    ])
}

function showCaret(handle: FakeDocument, who: Person, clientId: number, line: number, at: number): void {
  const element = handle.doc.getXmlFragment('prosemirror').get(line)
  const text = element instanceof Y.XmlElement ? element.get(0) : null
  if (!(text instanceof Y.XmlText)) return
  const position = (index: number): unknown =>
    Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(text, index))
  handle.awareness.setRemoteState(clientId, {
    user: { name: who.name, color: who.color },
    cursor: { anchor: position(at), head: position(at + 9) },
  })
}

function sampleMoments(author: KeyId): readonly Moment[] {
  const nowMs = Date.now()
  const of = (name: string, minutes: number, insertedCount: number, deletedCount: number): Moment => ({
    author,
    name,
    fromMs: nowMs - minutes * 60_000,
    toMs: nowMs - (minutes - 4) * 60_000,
    entryCount: 9,
    insertedCount,
    deletedCount,
    before: new Map(),
    after: new Map(),
  })
  return [of('Lin', 12, 3, 1874), of('Ada Lovelace', 47, 311, 20), of('Quiet Otter', 3000, 1560, 4)]
}

export class FakeRoom implements Room {
  readonly closedKeys: KeyId[] = []
  readonly id: RoomId
  readonly self: Room['self']
  state: RoomState
  readonly #documents = new Map<string, FakeDocument>()
  readonly #stateListeners = new Set<() => void>()
  readonly #eventListeners = new Set<(event: RoomEvent) => void>()
  readonly #rootKey: Uint8Array
  readonly #revoked = new Set<KeyId>()
  #members: readonly Member[] = []
  readonly recoveryFile: Room['recoveryFile']

  constructor(rootKey: Uint8Array, role: Role, profile: Profile, sample: boolean) {
    this.#rootKey = rootKey
    this.id = roomIdOf(rootKey)
    const me = { ...person(profile.name, profile.color, role, true) }
    const may = role === 'owner' || role === 'editor' ? 'invite' : 'own-devices'
    this.self = { key: me.key, role, may, notAfterMs: NEVER_MS }
    const others = [person('Ada Lovelace', '#a1307f', 'editor'), person('Lin', '#006a6a', 'viewer')]
    const shown = others.slice(0, Number(wish.get('people') ?? others.length))
    const save: SaveState = { device: 'saved', holderCount: shown.length, archivist: 'none', written: true }
    this.state = {
      connection: CONNECTIONS[wish.get('connection') ?? 'connected'] ?? { name: 'alone' },
      save: { ...save, device: (wish.get('save') as SaveState['device'] | null) ?? 'saved' },
      reach: { relayOnly: false, relayOffered: wish.get('relay') !== 'none' },
      sync: null,
      archivistOffered: wish.get('archivist') !== null,
      people: [me, ...shown],
    }
    this.recoveryFile =
      role === 'owner'
        ? async (passphrase) => new TextEncoder().encode(JSON.stringify({ fake: passphrase.length }))
        : null
    if (sample) this.#fill(shown[0])
    for (const each of shown) this.admit(each, null)
  }

  #fill(other: Person | undefined): void {
    const page = this.document('content/main') as FakeDocument
    writeSample(page.doc)
    this.document('index').doc.getMap('room').set('title', 'Harbour festival')
    if (other) showCaret(page, other, 77, 4, 14)
  }

  onState(listener: () => void): () => void {
    this.#stateListeners.add(listener)
    return () => this.#stateListeners.delete(listener)
  }

  onEvent(listener: (event: RoomEvent) => void): () => void {
    this.#eventListeners.add(listener)
    return () => this.#eventListeners.delete(listener)
  }

  /** For the console and for tests. */
  emit(event: RoomEvent): void {
    for (const listener of this.#eventListeners) listener(event)
  }

  change(part: Partial<RoomState>): void {
    this.state = { ...this.state, ...part }
    for (const listener of this.#stateListeners) listener()
  }

  document(name: string): DocumentHandle {
    const known = this.#documents.get(name)
    if (known) return known
    const made = new FakeDocument(name, this.self.role === 'owner' || this.self.role === 'editor')
    this.#documents.set(name, made)
    return made
  }

  setProfile(profile: Profile): void {
    this.change({
      people: this.state.people.map((each) => (each.self ? { ...each, ...profile } : each)),
    })
  }

  setPage(): void {
    // Nobody looks at pages of made-up people.
  }

  /** Somebody who came by an invite, here now or not. */
  admit({ key, name, role }: Pick<Person, 'key' | 'name' | 'role'>, invite: KeyId | null): void {
    const member = { key, name, role, self: false, notAfterMs: NEVER_MS, sighted: false }
    this.#members = [...this.#members, { ...member, path: invite ? [invite, key] : [key] }]
  }

  members(): readonly Member[] {
    const { key, role, notAfterMs } = this.self
    const name = this.state.people.find((each) => each.self)?.name ?? ''
    const valid = this.#members.filter(({ path }) => !path.some((step) => this.#revoked.has(step)))
    return [{ key, name, role, self: true, notAfterMs, path: [key], sighted: false }, ...valid]
  }

  isRevoked(key: KeyId): boolean {
    return this.#revoked.has(key)
  }

  async closeLogs(key: KeyId): Promise<void> {
    this.closedKeys.push(key)
  }

  async revoke(key: KeyId, keep: readonly KeyId[] = []): Promise<void> {
    if (this.self.role !== 'owner') throw new ParleyError('not-allowed', 'owners only')
    const kept = this.members().filter((member) => keep.includes(member.key))
    this.#revoked.add(key)
    const spared = kept.map((member) => ({ ...member, path: member.path.filter((step) => step !== key) }))
    this.#members = [...this.#members.filter((member) => !keep.includes(member.key)), ...spared]
    this.change({})
  }

  /** `archivist=refuses` and `archivist=silent` in the address make it fail. */
  async keepOnServer(_base: string, { sighted = false }: KeepOnServerOptions = {}): Promise<void> {
    const how = wish.get('archivist')
    if (how === 'refuses') throw new ParleyError('archivist-refused', 'full')
    if (how === null || how === 'silent') throw new ParleyError('archivist-unavailable', 'no answer')
    const member = {
      key: keyIdOf(bytes(32)),
      name: '',
      role: 'archivist',
      self: false,
      notAfterMs: NEVER_MS,
      sighted,
    } as const
    this.#members = [...this.#members, { ...member, path: [keyIdOf(bytes(32)), member.key] }]
    this.change({ save: { ...this.state.save, archivist: 'holds' } })
  }

  async createInvite(base: string, options: InviteOptions): Promise<Invite> {
    const subject = bytes(32)
    const agreement = bytes(32)
    const grant = {
      subject,
      agreement,
      role: options.role,
      may: options.may ?? 'own-devices',
      notAfterMs: options.notAfterMs,
      epoch: 0,
      nonce: bytes(8),
    } as const
    const signed = await signGrant(this.id, this.#rootKey, grant, () => bytes(64))
    const link = formatRoomLink(base, {
      roomId: this.id,
      readKey: bytes(32),
      chain: { rootKey: this.#rootKey, grants: [signed, signed] },
      inviteSeed: bytes(32),
      via: [],
    })
    return { key: keyIdOf(subject), agreement, link, role: options.role, notAfterMs: options.notAfterMs }
  }

  /** Bytes that {@link importRoom} takes. */
  async exportFile({
    passphrase,
  }: {
    readonly passphrase?: string
  } = {}): Promise<Uint8Array<ArrayBuffer>[]> {
    return [new TextEncoder().encode(passphrase === undefined ? 'fake room' : 'fake room with key')]
  }

  documents(): readonly DocName[] {
    return [...this.#documents.values()].map(({ name }) => name)
  }

  history(): readonly HistoryEntry[] {
    return []
  }

  async moments(): Promise<readonly Moment[]> {
    return sampleMoments(this.self.key)
  }

  async documentAt(document: string): Promise<Y.Doc> {
    const then = new Y.Doc()
    Y.applyUpdate(then, Y.encodeStateAsUpdate(this.document(document).doc))
    return then
  }

  async close(): Promise<void> {
    this.change({ connection: { name: 'closed' } })
  }
}

const rooms = new Map<string, FakeRoom>()

function keep(room: FakeRoom): FakeRoom {
  rooms.set(room.id.slice(0, 22), room)
  Object.assign(globalThis, { fakeRoom: room })
  return room
}

function wantedRole(fallback: Role): Role {
  return (wish.get('role') as Role | null) ?? fallback
}

export async function createRoom(options: OpenOptions): Promise<Room> {
  return keep(new FakeRoom(bytes(32), wantedRole('owner'), options.profile, wish.get('sample') !== 'no'))
}

export async function joinRoom(link: string, options: OpenOptions): Promise<Room> {
  const verdict = parseRoomLink(link)
  if (!verdict.ok) throw new ParleyError('link-damaged', verdict.fault)
  const last = verdict.link.chain.grants.at(-1)
  return keep(new FakeRoom(verdict.link.chain.rootKey, last?.role ?? 'viewer', options.profile, true))
}

/** Rooms live as long as the page, so that an address of before a reload is unknown: like on another device. */
export async function reopenRoom(roomId: string, options: OpenOptions): Promise<Room> {
  const known = rooms.get(roomId.slice(0, 22))
  if (!known) throw new ParleyError('room-unknown', 'not kept here')
  known.setProfile(options.profile)
  known.change({ connection: { name: 'connected', linkCount: 2, relayedCount: 0, signaling: 'up' } })
  return keep(known)
}

export async function inspectRoomFile(file: Uint8Array): Promise<RoomFileFacts> {
  const text = new TextDecoder().decode(file)
  if (!text.startsWith('fake room')) throw new ParleyError('file-damaged', 'not a file of these rooms')
  return { roomId: 'x', hasKeys: true, hasRoot: text.endsWith('key'), entryCount: 0 }
}

export async function importRoom(
  _file: Uint8Array,
  options: OpenOptions & { readonly passphrase?: string },
): Promise<Room> {
  if (options.passphrase === 'wrong') throw new ParleyError('recovery-refused', 'wrong passphrase')
  const room = new FakeRoom(bytes(32), options.passphrase ? 'owner' : 'viewer', options.profile, true)
  if (!options.passphrase) room.change({ connection: { name: 'detached' }, people: [] })
  return keep(room)
}

export async function recoverRoom(
  _file: Uint8Array,
  passphrase: string,
  options: OpenOptions,
): Promise<Room> {
  return importRoom(new Uint8Array(), { ...options, passphrase })
}

export async function copyRoom(_from: Room, options: OpenOptions): Promise<Room> {
  return createRoom(options)
}

export { restoreContent } from '@parley/mesh'

export async function removeRoom(roomId: string): Promise<void> {
  rooms.delete(roomId.slice(0, 22))
}

export async function checkSupport(): Promise<Support> {
  const missing = wish.get('missing')
  const has = (feature: keyof Support): boolean => feature !== missing
  return {
    secureContext: has('secureContext'),
    ed25519: has('ed25519'),
    x25519: has('x25519'),
    webRtc: has('webRtc'),
    indexedDb: has('indexedDb'),
  }
}
