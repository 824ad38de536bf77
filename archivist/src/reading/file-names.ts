/** Names of files from titles that anybody may have written. Pure. */
import { FILE_NAME_CHARACTERS } from './limits.ts'

const NUMBER_DIGITS = 3

/**
 * Begins with the number, so that no two are alike in any case, none is hidden or a device's; then letters and digits of the
 * title alone, whatever their script: no separator, no dot.
 */
export function fileName(number: number, title: string): string {
  const words = title.normalize('NFC').match(/[\p{L}\p{N}\p{M}]+/gu) ?? []
  const text = [...words.join('-')].slice(0, FILE_NAME_CHARACTERS).join('')
  return [String(number).padStart(NUMBER_DIGITS, '0'), text].filter((part) => part !== '').join('-')
}
