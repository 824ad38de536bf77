/** Who may keep a link when there is one too many: no invite, and nobody's devices, take all places of a peer. No I/O. */

/** A link, by the keys of the grants that lead to it: the first is the one that all others of its branch came by. */
export interface Placed {
  readonly branch: readonly string[]
}

/**
 * The one of `links`, oldest first and the newcomer last, that gives way. Step by step down the grants the largest
 * branch is looked into, the newcomer's own where none is larger; of what is left at the end it is the newest. So a room
 * that everybody came to by one invite turns newcomers away, as one with a place for each does.
 */
export function whoGivesWay<T extends Placed>(links: readonly [T, ...T[]]): T {
  const depth = Math.max(...links.map(({ branch }) => branch.length))
  let group: readonly T[] = links
  for (let step = 0; step < depth; step++) group = largestBranch(group, step)
  return group.at(-1) ?? links[0]
}

/** Of several of one size the one with the newest link. */
function largestBranch<T extends Placed>(links: readonly T[], step: number): readonly T[] {
  const branches = new Map<string, T[]>()
  for (const link of links) {
    const key = link.branch[step] ?? ''
    const branch = branches.get(key) ?? []
    branches.delete(key)
    branches.set(key, [...branch, link])
  }
  return [...branches.values()].reduce((largest, branch) =>
    branch.length >= largest.length ? branch : largest,
  )
}
