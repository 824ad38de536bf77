/** What a benchmark hands back, and how it is shown. */

export interface Result {
  readonly id: string
  /** What was measured, with its unit, and the spread over rounds. */
  readonly what: string
  readonly ours: number | string
  readonly peer: number | string | null
  readonly ratio: number | null
  /** The most that `ratio` (or `ours`, where there is no ratio) may be; `null` for what is only shown. */
  readonly bar: number | null
  readonly holds: boolean | null
}

const COLUMNS = ['id', 'ours', 'peer', 'ratio', 'bar', 'holds', 'what'] as const

function cell(result: Result, column: (typeof COLUMNS)[number]): string {
  const value = result[column]
  if (value === null) return '-'
  if (typeof value === 'boolean') return value ? 'yes' : 'NO'
  return typeof value === 'number' ? String(rounded(value)) : value
}

/** Three significant figures below 1000, whole numbers above. */
export function rounded(value: number): number {
  return Math.abs(value) >= 1000 ? Math.round(value) : Number(value.toPrecision(3))
}

export function table(results: readonly Result[]): string {
  const rows = [[...COLUMNS] as string[], ...results.map((result) => COLUMNS.map((c) => cell(result, c)))]
  const widths = COLUMNS.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)))
  const line = (row: readonly string[]) => row.map((text, i) => text.padEnd(widths[i] ?? 0)).join('  ')
  return rows.map((row) => line(row).trimEnd()).join('\n')
}
