/**
 * The body of an answer as UTF-8; `null` for more than `mostBytes`, of which the rest is not read. Rejects when the
 * connection breaks. By a reader: not every library of types lets a body be iterated over.
 */
export async function boundedText(response: Response, mostBytes: number): Promise<string | null> {
  const reader = response.body?.getReader()
  if (!reader) return ''
  const chunks: Uint8Array[] = []
  let length = 0
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    length += part.value.length
    if (length > mostBytes) {
      await reader.cancel()
      return null
    }
    chunks.push(part.value)
  }
  return Buffer.concat(chunks).toString('utf8')
}
