/**
 * Where the app asks for an operator token: a path of its own origin, written into the page that is served, so that a page
 * learns it without another request and the policy for content stays as it is. Pure.
 */

/** No host, no query, nothing that would have to be escaped in an attribute. */
const PATH = /^\/[\w.~-][\w./~-]{0,254}$/
const EMPTY = '<meta name="parley-token-path" content="" />'

export function parseTokenPath(text: string): string | null {
  return PATH.test(text) ? text : null
}

/** `path` as {@link parseTokenPath} gave it. Throws for a page that has no place for it. */
export function withTokenPath(page: string, path: string): string {
  if (!page.includes(EMPTY)) throw new Error('--token-path: the index.html of this app asks for no token')
  return page.replace(EMPTY, EMPTY.replace('""', `"${path}"`))
}
