/** Where the build puts the service worker: at the root, since it serves what lies beside and below it. */
export const OFFLINE_WORKER = '/offline-worker.js'
