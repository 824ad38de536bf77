import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { giveUp, step } from './house.mjs'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome']

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function onPath() {
  const folders = ['/usr/bin', ...(process.env.PATH ?? '').split(delimiter)]
  for (const name of NAMES) {
    const found = folders.map((folder) => join(folder, name)).find(isExecutable)
    if (found) return found
  }
  return null
}

/** Path of a Chromium; installs Debian's when this is Debian and root, ends the process when there is none. */
export async function findChromium() {
  const named = process.env.PARLEY_CHROMIUM
  if (named) return isExecutable(named) ? named : giveUp(`PARLEY_CHROMIUM names no program: ${named}`)
  const found = onPath()
  if (found) return found
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) {
    return giveUp(
      'The tests need Chromium, and none is on the PATH. Install it (Debian: `apt-get install chromium` as root), ' +
        'or name one: PARLEY_CHROMIUM=/path/to/chromium npm test',
    )
  }
  await step('Reading the package lists (apt-get update)', 'apt-get', ['update'])
  await step('Installing Chromium', 'apt-get', ['install', '-y', '--no-install-recommends', 'chromium'])
  return onPath() ?? giveUp('apt-get installed chromium, and yet there is none on the PATH.')
}
