/**
 * Small settings of this browser. localStorage throws where a person has blocked site data: then a setting lasts until
 * the page is closed, which is what that person asked for.
 */
export function readSetting(key: string): string | null {
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}

/** Returns whether the setting will outlive the page. */
export function writeSetting(key: string, value: string | null): boolean {
  try {
    if (value === null) localStorage.removeItem(key)
    else localStorage.setItem(key, value)
    return true
  } catch {
    return false
  }
}
