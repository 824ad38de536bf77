/** What a valibot schema accepts, as plain data: equal shapes accept the same values. */
export function schemaShape(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(schemaShape)
  if (part instanceof RegExp) return String(part)
  if (typeof part !== 'object' || part === null) return typeof part === 'function' ? 'function' : part
  const known = [
    'type',
    'entries',
    'options',
    'item',
    'items',
    'wrapped',
    'literal',
    'key',
    'requirement',
    'pipe',
  ]
  const fields = known
    .filter((name) => name in part)
    .map((name) => [name, (part as Record<string, unknown>)[name]])
  // A schema with a pipe is the pipe's own first member.
  const isSchema = fields.length > 0
  if (!isSchema)
    return Object.fromEntries(Object.entries(part).map(([name, value]) => [name, schemaShape(value)]))
  return Object.fromEntries(
    fields.map(([name, value]) => [
      name,
      name === 'pipe' ? (value as unknown[]).slice(1).map(schemaShape) : schemaShape(value),
    ]),
  )
}
