import { html, type TemplateResult } from 'lit'
import { type ProblemKind, problemText } from '../words.ts'
import { icon } from './icon.ts'

/** What happened, what was kept, what to do. `actions` are buttons. */
export function problem(kind: ProblemKind, actions: unknown = null): TemplateResult {
  const { what, kept, todo } = problemText(kind)
  return html`<div class="notice notice-problem" role="alert">
    ${icon('alert')}
    <p><strong>${what}</strong> ${kept} ${todo}</p>
    ${actions}
  </div>`
}
