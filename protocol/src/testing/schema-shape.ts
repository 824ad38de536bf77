/** What makes one valibot schema or action accept something else than another. */
const FIELDS = ['type', 'options', 'item', 'items', 'wrapped', 'literal', 'key', 'requirement']

/** What a valibot schema accepts, as plain data: equal shapes accept the same values. */
export function schemaShape(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(schemaShape)
  if (part instanceof RegExp) return String(part)
  if (typeof part === 'function') return 'function'
  if (typeof part !== 'object' || part === null) return part
  const fields = part as Readonly<Record<string, unknown>>
  const shape = FIELDS.filter((name) => name in fields).map((name) => [name, schemaShape(fields[name])])
  const { entries, pipe } = fields
  // Names of entries are the messages' own: one of them is `type`, too.
  if (typeof entries === 'object' && entries !== null) {
    shape.push(['entries', Object.entries(entries).map(([name, entry]) => [name, schemaShape(entry)])])
  }
  // The first member of a pipe is the schema itself.
  if (Array.isArray(pipe)) shape.push(['pipe', pipe.slice(1).map(schemaShape)])
  return Object.fromEntries(shape)
}
