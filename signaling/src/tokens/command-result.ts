/** What a command that runs to its end says. Exit codes: 0 done, 1 could not be done, 2 wrong usage. */
export interface CommandResult {
  readonly code: 0 | 1 | 2
  readonly out: string
  readonly err: string
}

export class UsageError extends Error {}

/** Runs what may throw {@link UsageError}, an error of `parseArgs` or one of the file system. */
export async function resultOf(usage: string, args: readonly string[], run: () => Promise<string>) {
  if (args.includes('--help') || args.includes('-h')) return { code: 0, out: usage, err: '' } as const
  try {
    return { code: 0, out: await run(), err: '' } as const
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const wrongUsage = error instanceof UsageError || isParseError(error)
    const hint = wrongUsage ? 'Try --help.\n' : ''
    return { code: wrongUsage ? 2 : 1, out: '', err: `parley-signaling: ${error.message}\n${hint}` } as const
  }
}

function isParseError(error: Error): boolean {
  return String((error as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS_')
}
