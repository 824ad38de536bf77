/** Programs of the system that check files; where one is missing the test says so and is skipped. */
import { spawnSync } from 'node:child_process'
import type { TestContext } from 'vitest'

export function isInstalled(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0
}

export function requireTool(context: TestContext, program: string): void {
  if (!isInstalled(program)) context.skip(`${program} is not installed`)
}

export function checkWith(
  context: TestContext,
  program: string,
  args: readonly string[],
): { readonly code: number | null; readonly output: string } {
  requireTool(context, program)
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', timeout: 30_000 })
  return { code: status, output: stdout + stderr }
}
