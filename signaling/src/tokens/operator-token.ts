/** Checks operator tokens: JSON Web Tokens of the operator's identity provider (RFC 7519, by the advice of RFC 8725). */
import { limits as wire } from '@parley/protocol'
import { type CryptoKey, errors, type JWSHeaderParameters, jwtVerify } from 'jose'
import * as v from 'valibot'
import { TOKEN_SKEW_S } from '../limits.ts'

/** Signatures that who verifies cannot make; the first three are the default. */
export const ASYMMETRIC = [
  'EdDSA',
  'ES256',
  'RS256',
  'Ed25519',
  'ES384',
  'ES512',
  'PS256',
  'PS384',
  'PS512',
  'RS384',
  'RS512',
] as const

export interface TokenRules {
  readonly issuer: string
  readonly audience: string
  /** Media type in the header without `application/`: RFC 8725 §3.11. */
  readonly type: string
  readonly algorithms: readonly string[]
}

/** For the operator's log and metrics; clients are told none of it. */
export type TokenFault = 'malformed' | 'algorithm' | 'key' | 'signature' | 'time' | 'claim'

export type TokenVerdict =
  | { readonly ok: true; readonly rooms: readonly string[]; readonly untilMs: number }
  | { readonly ok: false; readonly fault: TokenFault }

export type VerifyToken = (token: string) => Promise<TokenVerdict>

const roomsClaim = v.union([v.literal('*'), v.array(v.string())])

export function makeVerifyToken(
  rules: TokenRules,
  keyFor: (header: JWSHeaderParameters) => Promise<CryptoKey>,
  nowMs: () => number,
): VerifyToken {
  return async (token) => {
    // Counted in characters: whatever is not ASCII is no token.
    if (token.length > wire.OPERATOR_TOKEN_BYTES) return { ok: false, fault: 'malformed' }
    try {
      const { payload } = await jwtVerify(token, keyFor, {
        algorithms: [...rules.algorithms],
        issuer: rules.issuer,
        audience: rules.audience,
        typ: rules.type,
        clockTolerance: TOKEN_SKEW_S,
        currentDate: new Date(nowMs()),
      })
      const rooms = v.safeParse(roomsClaim, payload['rooms'])
      if (!rooms.success || payload.exp === undefined) return { ok: false, fault: 'claim' }
      return { ok: true, rooms: [rooms.output].flat(), untilMs: payload.exp * 1000 }
    } catch (error) {
      if (error instanceof errors.JOSEError) return { ok: false, fault: faultOf(error) }
      throw error
    }
  }
}

function faultOf(error: errors.JOSEError): TokenFault {
  if (error instanceof errors.JWTExpired) return 'time'
  if (error instanceof errors.JWTClaimValidationFailed) return error.claim === 'nbf' ? 'time' : 'claim'
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'signature'
  if (error instanceof errors.JOSEAlgNotAllowed) return 'algorithm'
  return error.code.startsWith('ERR_JWKS') ? 'key' : 'malformed'
}

/** Characters of a room's id in a room link, which is how an operator sees it. */
const LINK_ID_CHARACTERS = 22

/** `rooms` as in a token that holds: `*`, whole ids, or their beginning as in a room link. */
export function admitsTo(rooms: readonly string[], roomId: string): boolean {
  return rooms.some((room) => room === '*' || room === roomId || room === roomId.slice(0, LINK_ID_CHARACTERS))
}
