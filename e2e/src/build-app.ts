/** Vitest's global setup: the tests run against what `npm run build` makes, built anew only when it is outdated. */
interface BuildScript {
  buildAll(options: { onlyIfStale: boolean }): Promise<void>
}

export async function setup(): Promise<void> {
  const script = new URL('../../scripts/build.mjs', import.meta.url).href
  const { buildAll } = (await import(script)) as BuildScript
  await buildAll({ onlyIfStale: true })
}
