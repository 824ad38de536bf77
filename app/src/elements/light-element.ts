import { LitElement } from 'lit'

/** Draws into the page itself: editors need it (ProseMirror fails in shadow roots), and one style sheet serves all. */
export class LightElement extends LitElement {
  protected override createRenderRoot(): HTMLElement {
    return this
  }
}
