/** Hands a file to the browser's downloads. */
export function download(pieces: readonly Uint8Array<ArrayBuffer>[], name: string): void {
  const url = URL.createObjectURL(new Blob([...pieces], { type: 'application/octet-stream' }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  URL.revokeObjectURL(url)
}

/** What every file system takes: of a title its letters, digits and dashes. */
export function fileNameOf(title: string, fallback: string, ending: string): string {
  const name = title
    .normalize('NFKC')
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, '-')
    .replace(/^-+|-+$/g, '')
  return `${[...name].slice(0, 60).join('') || fallback}${ending}`
}
