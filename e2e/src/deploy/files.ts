/** What lies in `deploy/`, read as data. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, parseAllDocuments } from 'yaml'

export const ROOT = join(import.meta.dirname, '../../..')
export const DEPLOY = join(ROOT, 'deploy')

export function text(path: string): string {
  return readFileSync(join(DEPLOY, path), 'utf8')
}

export function namesIn(folder: string): readonly string[] {
  return readdirSync(join(DEPLOY, folder)).sort()
}

export interface Service {
  readonly image?: string
  readonly build?: { readonly dockerfile: string }
  readonly environment?: Readonly<Record<string, string>>
  readonly secrets?: readonly string[]
}

export interface Compose {
  readonly name: string
  readonly services: Readonly<Record<string, Service>>
  readonly secrets: Readonly<Record<string, unknown>>
  readonly networks: Readonly<Record<string, unknown>>
  readonly volumes: Readonly<Record<string, unknown>>
}

export const compose = (): Compose => parse(text('compose.yaml')) as Compose

export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata?: { readonly name: string; readonly namespace?: string }
  readonly [field: string]: unknown
}

/** All documents of all files in `k8s/`, with the file that each is in. */
export function manifests(): readonly { readonly file: string; readonly manifest: Manifest }[] {
  return namesIn('k8s').flatMap((file) =>
    parseAllDocuments(text(`k8s/${file}`)).map((document) => {
      if (document.errors.length > 0) throw new Error(`${file}: ${document.errors[0]?.message}`)
      return { file, manifest: document.toJS() as Manifest }
    }),
  )
}

/** Every `PARLEY_…` that a text names. */
export function settingsIn(content: string): readonly string[] {
  return [...new Set(content.match(/PARLEY_[A-Z_]*[A-Z]/g) ?? [])].sort()
}

/** Names of our own metrics in PromQL, without what histograms add. */
export function metricsIn(content: string): readonly string[] {
  const names = content.match(/\b(?:parley|nodejs|process)_[a-z0-9_]+/g) ?? []
  return [...new Set(names.map((name) => name.replace(/_bucket$/, '')))].sort()
}
