/** The archivist of `npm start`: keeps rooms in a folder while nobody is there. */
import { once } from 'node:events'
import { join } from 'node:path'
import { followLog, guarded, startChild } from './children.mjs'
import { ROOT } from './house.mjs'

/**
 * Resolves once it can be asked to keep rooms, with its address; `null` when it could not start: it has said why by then,
 * in one line on standard error, and everything else goes on without it.
 *
 * @param signalingUrl `ws://…` that will answer soon: the archivist tries again until it does
 */
export async function startArchivist({ dataDir, signalingUrl, verbose }) {
  const args = ['serve', '--dir', dataDir, '--signaling', signalingUrl, '--port', '0']
  const child = startChild(join(ROOT, 'archivist', 'dist', 'main.js'), args)
  let isUp = false
  const listening = new Promise((resolve) => {
    const heed = (entry) => {
      if (entry.event === 'listening') {
        isUp = true
        resolve(entry.url)
      }
    }
    // Until it is up it says on standard error, in words, what is wrong.
    followLog(child, { verbose }, heed, () => isUp)
  })
  const url = await guarded(child, Promise.race([listening, once(child, 'exit').then(() => null)]))
  if (url !== null) return { child, url }
  console.log('Going on without an archivist: rooms are kept by the browsers alone.')
  return null
}
