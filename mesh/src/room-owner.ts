/**
 * What only owners do: revoke members and invites, and make the keys that follow. Every decision is a record of `meta`; what
 * follows from it is drawn by {@link RoomStanding}, here as everywhere else. Rules: docs/spec.md, MT and EP.
 */
import {
  encodeMetaRecord,
  equalBytes,
  type Head,
  type KeyId,
  keyIdOf,
  type LogKey,
  type MetaRecord,
  type Standing,
} from '@parley/protocol'
import { ParleyError } from './errors.ts'
import type { AuthorBook } from './journal/author-book.ts'
import { type EpochKeys, type Recipient, wrapEpoch } from './journal/epoch-keys.ts'
import type { Journal } from './journal/journal.ts'
import type { Platform, Signer, Unsubscribe } from './ports.ts'
import { type Entrance, rootAuthor } from './room-secrets.ts'
import type { RoomStanding } from './room-standing.ts'

/** Heads or wraps in one record: 1,500 of 125 B stay well below an entry. */
const RECORD_ITEMS = 1_500
/** Of several owners who see the same, one is first. */
const RENEWAL_MS = 4_000
/** How often an owner looks for grants that have ended. */
const CLOSE_CHECK_MS = 10_000
/** From the end of a grant to the closing, half of it more or less: what was under way arrives. */
const CLOSE_AFTER_MS = 60_000

export interface OwnerDeps {
  readonly platform: Platform
  readonly entrance: Entrance
  readonly journal: Journal
  readonly authors: AuthorBook
  readonly epochs: EpochKeys
  readonly standing: RoomStanding
  readonly liveInvites: () => Promise<readonly Standing[]>
  /** Whether a key's grant is neither void nor ended. */
  readonly hasRight: (key: KeyId) => boolean
  /** Writes one entry of `meta` in a session of its own; returns that log. */
  readonly writeRecord: (content: Uint8Array, signer: Signer) => Promise<LogKey>
  readonly onFailed: (error: unknown) => void
}

export class RoomOwner {
  readonly #deps: OwnerDeps
  #cancelRenewal: Unsubscribe | null = null
  #nextCloseMs = 0
  /** When the logs of whose grants have ended are closed: of several owners one comes first. */
  readonly #closeAtMs = new Map<KeyId, number>()

  constructor(deps: OwnerDeps) {
    this.#deps = deps
  }

  get #self(): KeyId {
    return this.#deps.entrance.identity.standing.key
  }

  close(): void {
    this.#cancelRenewal?.()
  }

  /** Throws {@link ParleyError} `not-allowed`. */
  async revoke(key: KeyId, keep: readonly KeyId[]): Promise<void> {
    const { authors } = this.#deps
    const target = authors.standingOf(key)
    const root = target?.role === 'owner' ? await this.rootSigner() : null
    const isOwner = authors.validStandingOf(this.#self)?.role === 'owner'
    if (!isOwner || key === this.#self || (target?.role === 'owner' && !root)) {
      const message = 'owners revoke others; an owner is revoked with the root key alone'
      throw new ParleyError('not-allowed', message)
    }
    for (const heads of chunked(this.#headsThrough(key, keep), RECORD_ITEMS)) {
      await this.#decide({ type: 'revoke', key, keep, heads }, root ?? undefined)
    }
    await this.#newEpoch()
  }

  /**
   * Lets whoever comes by an archivist's invite read: every key so far is wrapped for it, which everybody can see, and by
   * the one of epoch 0 that later ones are to be. Throws {@link ParleyError} `not-allowed`.
   */
  async giveSight(invite: Recipient): Promise<void> {
    const { authors, epochs, platform } = this.#deps
    if (authors.validStandingOf(this.#self)?.role !== 'owner')
      throw new ParleyError('not-allowed', 'owners let an archivist read')
    for (const { id, key } of epochs.all) {
      await this.#decide(await wrapEpoch(platform, id.counter, key, [invite]))
    }
  }

  /** For whoever comes without a link that says so; it is never taken back. */
  async decideRelayOnly(): Promise<void> {
    await this.#decide({ type: 'policy', relayOnly: true })
  }

  /**
   * Closes the logs of an author whose grants have ended at what is held of them here: what is signed with an earlier date
   * from now on stands nowhere. A grant that ends later lifts it. Throws {@link ParleyError} `not-allowed`.
   */
  async closeLogs(key: KeyId): Promise<void> {
    const { authors, journal, platform } = this.#deps
    const nowMs = platform.clock.nowMs()
    const isOwner = authors.validStandingOf(this.#self)?.role === 'owner'
    const standings = writing(authors.standingsOf(key))
    const isOver = standings.length > 0 && standings.every(({ notAfterMs }) => notAfterMs <= nowMs)
    if (!isOwner || !isOver || standings.some(({ role }) => role === 'owner')) {
      const message = 'owners close the logs of others whose grants have ended, and of no owner'
      throw new ParleyError('not-allowed', message)
    }
    const heads = [...journal.logs()].filter((log) => log.author === key).map((log) => log.head)
    for (const part of chunked(heads, RECORD_ITEMS)) await this.#decide({ type: 'close', key, heads: part })
  }

  /** Once in a while: whose grants have ended since is closed a minute later, by one of the owners who are here. */
  closeEnded(): void {
    const { platform, authors, hasRight, onFailed } = this.#deps
    const nowMs = platform.clock.nowMs()
    if (nowMs < this.#nextCloseMs) return
    this.#nextCloseMs = nowMs + CLOSE_CHECK_MS
    if (authors.validStandingOf(this.#self)?.role !== 'owner' || !hasRight(this.#self)) return
    for (const key of this.#endedAuthors(nowMs)) {
      const atMs = this.#closeAtMs.get(key) ?? nowMs + CLOSE_AFTER_MS * (0.5 + platform.random.fraction())
      this.#closeAtMs.set(key, atMs)
      if (atMs > nowMs) continue
      this.#closeAtMs.delete(key)
      this.closeLogs(key).catch(onFailed)
    }
  }

  #endedAuthors(nowMs: number): KeyId[] {
    const { authors, standing } = this.#deps
    return [...authors.keys()].filter((key) => {
      const standings = writing(authors.standingsOf(key))
      const isOver = standings.every(({ notAfterMs, role }) => notAfterMs <= nowMs && role !== 'owner')
      const isOpen = (chain: Standing) => !standing.isVoid(chain) && !standing.meta.isClosed(key, chain)
      return isOver && standings.some(isOpen)
    })
  }

  /** The root key as an author, where it is kept here; it is otherwise left unused. */
  async rootSigner(): Promise<Signer | null> {
    const { platform, entrance, authors } = this.#deps
    const root = await rootAuthor(platform, entrance.identity.roomId, entrance.secrets)
    if (root) await authors.learn(root.chain)
    return root?.signer ?? null
  }

  /** Two owners who revoke at once wrap their keys for each other's revoked: one of them makes another key. */
  renewSharedEpoch(): void {
    if (this.#cancelRenewal || !this.#isEpochShared()) return
    const { platform, epochs, onFailed } = this.#deps
    const waitMs = RENEWAL_MS * (0.5 + platform.random.fraction())
    this.#cancelRenewal = platform.clock.after(waitMs, () => {
      this.#cancelRenewal = null
      if (!this.#isEpochShared()) return
      platform.log('info', 'epoch-renewed', { counter: epochs.current.id.counter })
      this.#newEpoch().catch(onFailed)
    })
  }

  /** Heads of the logs of all whose grants pass through `key`. */
  #headsThrough(key: KeyId, keep: readonly KeyId[]): Head[] {
    const { authors, journal } = this.#deps
    const affected = new Set(
      [...authors.keys()].filter(
        (author) =>
          !keep.includes(author) && authors.standingsOf(author).some(({ path }) => path.includes(key)),
      ),
    )
    return [...journal.logs()].filter((log) => affected.has(log.author)).map((log) => log.head)
  }

  async #decide(record: MetaRecord, signer: Signer = this.#deps.entrance.identity.signer): Promise<void> {
    const ciphertext = encodeMetaRecord(record)
    const log = await this.#deps.writeRecord(ciphertext, signer)
    const timeMs = this.#deps.journal.log(log)?.lastTimeMs ?? this.#deps.platform.clock.nowMs()
    const author = keyIdOf(signer.publicKey)
    await this.#deps.standing.addRecord({ author, log, seq: 1, timeMs, ciphertext })
  }

  /** A fresh key for everybody who still has a right, invites that are live included. */
  async #newEpoch(): Promise<void> {
    const { platform, epochs, standing, liveInvites } = this.#deps
    const key = platform.random.bytes(32)
    const counter = epochs.current.id.counter + 1
    const { revokedKeys } = standing.meta
    const invites = (await liveInvites()).filter(
      (invite) => this.#reads(invite) && !revokedKeys.includes(invite.key) && !this.#isOfBlind(invite.key),
    )
    standing.learnKey(counter, key)
    for (const part of chunked([...this.#membersWithRight(), ...invites], RECORD_ITEMS)) {
      await this.#decide(await wrapEpoch(platform, counter, key, part))
    }
  }

  #membersWithRight(): Recipient[] {
    const { authors, hasRight } = this.#deps
    return [...authors.keys()].flatMap((key) => {
      const standing = authors.standingsOf(key).find((one) => this.#reads(one))
      return standing && hasRight(key) ? [{ key, agreement: standing.agreement }] : []
    })
  }

  #reads(chain: Standing): boolean {
    const { standing } = this.#deps
    return !standing.isVoid(chain) && (chain.role !== 'archivist' || standing.meta.isSighted(chain))
  }

  /**
   * Editors list invites: what they say is not believed about an archivist that owners did not let read, nor about one that
   * was revoked alone and holds the invite still.
   */
  #isOfBlind(invite: KeyId): boolean {
    const { authors } = this.#deps
    const chains = [...authors.keys()].flatMap((key) => authors.standingsOf(key))
    return chains.some((chain) => {
      const step = chain.path.indexOf(invite)
      return chain.roles[step] === 'archivist' && !this.#reads(chain)
    })
  }

  /** Whether this owner sees somebody without a right among those whom the key in force was wrapped for. */
  #isEpochShared(): boolean {
    const { authors, epochs, standing } = this.#deps
    const { counter, keyHash } = epochs.current.id
    if (authors.validStandingOf(this.#self)?.role !== 'owner' || counter === 0) return false
    const isVoided = (key: KeyId) => authors.standingOf(key) !== null && authors.validStandingOf(key) === null
    return standing.meta.epochs
      .filter((record) => record.counter === counter && equalBytes(record.keyHash, keyHash))
      .flatMap(({ wraps }) => wraps)
      .some(({ recipient }) => standing.meta.revokedKeys.includes(recipient) || isVoided(recipient))
  }
}

/** At least one part, empty if need be. */
function chunked<T>(items: readonly T[], size: number): T[][] {
  const count = Math.max(1, Math.ceil(items.length / size))
  return Array.from({ length: count }, (_, i) => items.slice(i * size, (i + 1) * size))
}

/** A chain of a lesser role, which any member may sign for another, is no reason to leave the logs of an editor open. */
function writing(standings: readonly Standing[]): Standing[] {
  return standings.filter(({ role }) => role !== 'viewer' && role !== 'archivist')
}
