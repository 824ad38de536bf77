/** The TURN half of the private pair: short-lived credentials, coturn's configuration, its launcher. */
export type { SecretSource } from './config.ts'
export { findCommand, HOW_TO_GET, readSecrets } from './launch.ts'
export { CREDENTIAL_TTL_S } from './limits.ts'
export { type MintOptions, mintCredential, parseSecrets, type TurnCredential } from './turn-credentials.ts'
