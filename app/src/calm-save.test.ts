import { describe, expect, it } from 'vitest'
import { CalmSave } from './calm-save.ts'

describe('the save state while somebody types', () => {
  it('does not flicker: what is unsaved for less than a second is not shown', () => {
    const calm = new CalmSave()
    const shown = Array.from({ length: 40 }, (_, i) => calm.see(i % 2 ? 'saving' : 'saved', i * 125).device)
    expect(new Set(shown)).toEqual(new Set(['saved']))
  })

  it('shows saving after a second, and asks to be looked at again in time', () => {
    const calm = new CalmSave()
    calm.see('saved', 0)
    expect(calm.see('saving', 100)).toEqual({ device: 'saved', againInMs: 1_000 })
    expect(calm.see('saving', 1_050)).toEqual({ device: 'saved', againInMs: 50 })
    expect(calm.see('saving', 1_100)).toEqual({ device: 'saving', againInMs: null })
    expect(calm.see('saved', 1_200).device).toBe('saved')
    expect(calm.see('saving', 1_300).device).toBe('saved')
  })

  it('claims nothing before anything was saved', () => {
    expect(new CalmSave().see('saving', 0)).toEqual({ device: 'saving', againInMs: null })
  })

  it('shows a failure at once, and until something was saved', () => {
    const calm = new CalmSave()
    calm.see('saved', 0)
    calm.see('saving', 10)
    expect(calm.see('failed', 20).device).toBe('failed')
    expect(calm.see('saving', 30)).toEqual({ device: 'failed', againInMs: null })
    expect(calm.see('saved', 40).device).toBe('saved')
  })
})
