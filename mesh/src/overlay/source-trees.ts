/**
 * Whom to feed: a spanning tree per source device, grown by duplicates. A link on which a duplicate came is pruned for that
 * source; a link that turns out to be needed is grafted again. After Plumtree (Leitão, Pereira, Rodrigues, SRDS 2007), with
 * one tree per source.
 */
import type { KeyId } from '@parley/protocol'

export class SourceTrees<Link extends object> {
  /** Links that a source is not pushed to; they hear of new heads instead. */
  readonly #lazy = new Map<KeyId, Set<Link>>()
  readonly #links = new Set<Link>()

  attach(link: Link): void {
    this.#links.add(link)
  }

  detach(link: Link): void {
    this.#links.delete(link)
    for (const lazy of this.#lazy.values()) lazy.delete(link)
  }

  /** Links that entries of `source` are pushed to, the one that it came from left out. */
  eager(source: KeyId, from: Link | null): Link[] {
    const lazy = this.#lazy.get(source)
    return [...this.#links].filter((link) => link !== from && !lazy?.has(link))
  }

  lazy(source: KeyId): Link[] {
    return [...(this.#lazy.get(source) ?? [])]
  }

  /** Returns whether PRUNE is to be sent: only the first time. */
  handleDuplicate(source: KeyId, link: Link): boolean {
    return this.#makeLazy(source, link)
  }

  handlePrune(source: KeyId, link: Link): void {
    this.#makeLazy(source, link)
  }

  handleGraft(source: KeyId, link: Link): void {
    this.#lazy.get(source)?.delete(link)
  }

  /** Something new came this way: it is part of the tree. */
  handleNews(source: KeyId, link: Link): void {
    this.#lazy.get(source)?.delete(link)
  }

  #makeLazy(source: KeyId, link: Link): boolean {
    if (!this.#links.has(link)) return false
    let lazy = this.#lazy.get(source)
    if (!lazy) {
      lazy = new Set()
      this.#lazy.set(source, lazy)
    }
    if (lazy.has(link)) return false
    lazy.add(link)
    return true
  }
}
