const ALLOWED = /^(https?:\/\/|mailto:)/i

/**
 * Links lead to web pages and mail addresses only. Everything else is refused, above all `javascript:` and `data:`,
 * however it is spelled: an address has to begin with one of the allowed schemes at its first character.
 */
export function isAllowedLink(address: unknown): boolean {
  return typeof address === 'string' && ALLOWED.test(address)
}
