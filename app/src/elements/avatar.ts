import { html, type TemplateResult } from 'lit'
import { styleMap } from 'lit/directives/style-map.js'
import { initialsOf, safeColor, textColorOn } from '../palette.ts'

/** Initials are drawn by the style sheet, so that they are not read as part of the name. */
export function avatar(name: string, color: string): TemplateResult {
  const background = safeColor(color)
  return html`<span
    class="avatar"
    aria-hidden="true"
    data-initials=${initialsOf(name)}
    style=${styleMap({ background, color: textColorOn(background) })}
  ></span>`
}
