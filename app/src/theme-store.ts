import { readSetting, writeSetting } from './local-setting.ts'
import { Store } from './store.ts'

const KEY = 'parley.theme'
export type Theme = 'light' | 'dark'

/** Follows the system until the person chooses; styles read `data-theme` of the root element. */
export class ThemeStore extends Store<Theme> {
  constructor(root: HTMLElement = document.documentElement) {
    const system = matchMedia('(prefers-color-scheme: dark)')
    const systemTheme = (): Theme => (system.matches ? 'dark' : 'light')
    const chosen = readSetting(KEY)
    super(chosen === 'dark' || chosen === 'light' ? chosen : systemTheme())
    const show = (): void => {
      root.dataset['theme'] = this.value
    }
    show()
    this.subscribe(show)
    system.addEventListener('change', () => {
      if (readSetting(KEY) === null) this.set(systemTheme())
    })
  }

  choose(theme: Theme): void {
    writeSetting(KEY, theme)
    this.set(theme)
  }
}
