/** Its package's `exports` hide its own types. Only what P11 calls. */
declare module 'y-leveldb' {
  export class LeveldbPersistence {
    constructor(location: string)
    /** Resolves with the number of the update. */
    storeUpdate(docName: string, update: Uint8Array): Promise<number>
    destroy(): Promise<void>
  }
}
