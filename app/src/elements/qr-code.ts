import { generate } from 'lean-qr'
import { html, type PropertyValues, type TemplateResult } from 'lit'
import { styleMap } from 'lit/directives/style-map.js'
import { word } from '../words.ts'
import { LightElement } from './light-element.ts'

/** Light modules around the code (ISO/IEC 18004 §6.3.8). */
const QUIET_MODULES = 4
/** Whole pixels per module keep the edges sharp; about this wide in CSS pixels. */
const TARGET_PIXELS = 260

export class QrCode extends LightElement {
  static override properties = { text: { attribute: false }, modules: { state: true } }
  declare text: string
  declare modules: number

  constructor() {
    super()
    this.text = ''
    this.modules = 0
  }

  override render(): TemplateResult {
    const pixels = this.modules * Math.max(2, Math.round(TARGET_PIXELS / (this.modules || 1)))
    return html`<canvas
      class="qr"
      role="img"
      aria-label=${word('qrCode')}
      style=${styleMap({ width: `${pixels}px`, height: `${pixels}px` })}
    ></canvas>`
  }

  override updated(changed: PropertyValues): void {
    const canvas = this.querySelector('canvas')
    if (!changed.has('text') || !canvas || this.text === '') return
    generate(this.text).toCanvas(canvas, { pad: QUIET_MODULES, on: [0, 0, 0], off: [255, 255, 255] })
    this.modules = canvas.width
  }
}
