/** What a recovery passphrase must be, and a hint how good it is. A hint: length counts most, a common word is not noticed. */
export const MIN_PASSPHRASE_CHARACTERS = 8

/** Keyboards spell one and the same letter differently: what looks alike has to open the file (NIST SP 800-63B §5.1.1.2). */
export function normalizePassphrase(typed: string): string {
  return typed.normalize('NFKC')
}

export type PassphraseStrength = 'too-short' | 'weak' | 'fair' | 'strong'

const CLASSES = [/\p{Ll}/u, /\p{Lu}/u, /\p{N}/u, /[^\p{L}\p{N}\s]/u, /\s/u]

export function passphraseStrength(passphrase: string): PassphraseStrength {
  const characters = [...passphrase]
  if (characters.length < MIN_PASSPHRASE_CHARACTERS) return 'too-short'
  const classes = CLASSES.filter((characterClass) => characterClass.test(passphrase)).length
  const different = new Set(characters).size
  if (different < 6) return 'weak'
  const score = characters.length + 3 * classes
  if (score >= 26) return 'strong'
  return score >= 18 ? 'fair' : 'weak'
}
