/** What a page needs before anything else is worth trying; each is probed, no version is guessed. */
export interface Support {
  /** Everything else depends on it (https or localhost). */
  readonly secureContext: boolean
  readonly ed25519: boolean
  readonly x25519: boolean
  readonly webRtc: boolean
  readonly indexedDb: boolean
}

/** Generating a key is the only way to find out. */
async function canGenerate(algorithm: 'Ed25519' | 'X25519', usages: KeyUsage[]): Promise<boolean> {
  const subtle: SubtleCrypto | undefined = globalThis.crypto?.subtle
  if (!subtle) return false
  try {
    await subtle.generateKey(algorithm, false, usages)
    return true
  } catch (error) {
    if (error instanceof DOMException) return false
    throw error
  }
}

/** Where `isSecureContext` is unknown, as in Node, there is no page to protect. */
export async function checkSupport(): Promise<Support> {
  const [ed25519, x25519] = await Promise.all([
    canGenerate('Ed25519', ['sign', 'verify']),
    canGenerate('X25519', ['deriveBits']),
  ])
  return {
    secureContext: globalThis.isSecureContext ?? true,
    ed25519,
    x25519,
    webRtc: typeof globalThis.RTCPeerConnection === 'function',
    indexedDb: typeof globalThis.indexedDB === 'object' && globalThis.indexedDB !== null,
  }
}
