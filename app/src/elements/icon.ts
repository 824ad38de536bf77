import { html, type SVGTemplateResult, svg, type TemplateResult } from 'lit'
import {
  Ban,
  Bold,
  Check,
  CircleAlert,
  Cloud,
  CloudOff,
  Code,
  Copy,
  EllipsisVertical,
  FileDown,
  FileText,
  FileUp,
  Heading1,
  Heading2,
  History,
  Hourglass,
  Italic,
  KeyRound,
  List,
  ListOrdered,
  Moon,
  Plus,
  Quote,
  Redo2,
  Server,
  Sun,
  Trash2,
  Undo2,
  UserPlus,
  Users,
  Wifi,
  WifiOff,
  X,
} from 'lucide'

const ICONS = {
  alert: CircleAlert,
  archivist: Server,
  bold: Bold,
  bullets: List,
  check: Check,
  close: X,
  code: Code,
  connected: Wifi,
  copy: Copy,
  disconnected: WifiOff,
  heading: Heading1,
  italic: Italic,
  key: KeyRound,
  export: FileDown,
  history: History,
  import: FileUp,
  more: EllipsisVertical,
  moon: Moon,
  numbers: ListOrdered,
  page: FileText,
  people: Users,
  plus: Plus,
  quote: Quote,
  redo: Redo2,
  remove: Trash2,
  revoke: Ban,
  saved: Cloud,
  share: UserPlus,
  subheading: Heading2,
  sun: Sun,
  undo: Undo2,
  unsaved: CloudOff,
  waiting: Hourglass,
}
export type IconName = keyof typeof ICONS
type Attributes = Readonly<Record<string, string | number | undefined>>

function shape([tag, a]: readonly [string, Attributes]): SVGTemplateResult {
  switch (tag) {
    case 'path':
      return svg`<path d=${a['d'] ?? ''} />`
    case 'circle':
      return svg`<circle cx=${a['cx'] ?? 0} cy=${a['cy'] ?? 0} r=${a['r'] ?? 0} />`
    case 'rect':
      return svg`<rect x=${a['x'] ?? 0} y=${a['y'] ?? 0} width=${a['width'] ?? 0} height=${a['height'] ?? 0} rx=${a['rx'] ?? 0} />`
    case 'line':
      return svg`<line x1=${a['x1'] ?? 0} y1=${a['y1'] ?? 0} x2=${a['x2'] ?? 0} y2=${a['y2'] ?? 0} />`
    default:
      throw new RangeError(`an icon with a ${tag}`)
  }
}

/** Decoration only: what the control does is in its name. */
export function icon(name: IconName): TemplateResult {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
    ${ICONS[name].map((part) => shape(part as [string, Attributes]))}
  </svg>`
}
