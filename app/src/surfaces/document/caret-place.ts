/** Whether something is a place in a page as Yjs writes it in JSON (`RelativePosition`). */

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0

function isId(value: unknown): boolean {
  return isObject(value) && isCount(value['client']) && isCount(value['clock'])
}

/** One of the three names where the place is; a root of another name would be made by looking for it. */
function isPlace(value: unknown, field: string): boolean {
  if (!isObject(value)) return false
  const { type = null, tname = null, item = null, assoc = 0 } = value
  const named = [type, tname, item].filter((part) => part !== null)
  return (
    named.length > 0 &&
    (type === null || isId(type)) &&
    (tname === null || tname === field) &&
    (item === null || isId(item)) &&
    typeof assoc === 'number'
  )
}

export function isCursor(value: unknown, field: string): boolean {
  return isObject(value) && isPlace(value['anchor'], field) && isPlace(value['head'], field)
}
