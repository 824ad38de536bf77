import type { ParleyErrorKind } from '@parley/mesh'
import type { en } from './en.ts'

export type UiKey = keyof typeof en.ui
export type ProblemKind = keyof typeof en.problems | ParleyErrorKind
export interface Problem {
  /** What happened. */
  readonly what: string
  /** What was kept. */
  readonly kept: string
  /** What to do. */
  readonly todo: string
}
export interface Catalogue {
  readonly ui: Readonly<Record<UiKey, string>>
  readonly problems: Readonly<Record<ProblemKind, Problem>>
}
