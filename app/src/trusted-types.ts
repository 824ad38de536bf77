/**
 * The page may only parse HTML as this policy allows (W3C Trusted Types §2.3). Pasted HTML is the one case: ProseMirror
 * parses it in an inert document, where no script runs and nothing is loaded, and keeps what its schema knows. Every
 * other string that reaches a parser is a mistake and becomes nothing. The only script that is named by a string is the
 * service worker.
 */
import { OFFLINE_WORKER } from './offline/worker-path.ts'

interface PolicyFactory {
  createPolicy(
    name: string,
    rules: { createHTML(html: string): string | null; createScriptURL(url: string): string | null },
  ): unknown
}

let pasting = false

/** To be called in the same task as the parser. */
export function allowNextHtml(): void {
  pasting = true
  queueMicrotask(() => {
    pasting = false
  })
}

export function installDefaultPolicy(): void {
  const factory = (globalThis as { trustedTypes?: PolicyFactory }).trustedTypes
  factory?.createPolicy('default', {
    createHTML: (html) => (pasting ? html : null),
    createScriptURL: (url) => (url === OFFLINE_WORKER ? url : null),
  })
}
