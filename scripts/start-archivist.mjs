/** The archivist of `npm start`: keeps rooms in a folder while nobody is there. */
import { once } from 'node:events'
import { join } from 'node:path'
import { followLog, startChild } from './children.mjs'
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
  const listening = new Promise((resolve) => {
    followLog(child, { verbose }, (entry) => {
      if (entry.event === 'listening') resolve(entry.url)
    })
  })
  const url = await Promise.race([listening, once(child, 'exit').then(() => null)])
  if (url !== null) return { child, url }
  console.log('Going on without an archivist: rooms are kept by the browsers alone.')
  return null
}
