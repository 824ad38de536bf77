/** The TURN half of the private pair: short-lived credentials, coturn's configuration, its launcher. */
export { CREDENTIAL_TTL_S } from './limits.ts'
export { type MintOptions, mintCredential, parseSecrets, type TurnCredential } from './turn-credentials.ts'
