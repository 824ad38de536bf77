import { limits } from '@parley/protocol'
import { html, nothing, type TemplateResult } from 'lit'
import { tellImport } from '../import-news.ts'
import { loadMesh } from '../mesh.ts'
import type { OpenOptions, Room } from '../mesh-types.ts'
import { openOptions } from '../open-options.ts'
import { normalizePassphrase } from '../passphrase.ts'
import { cleanName } from '../profile.ts'
import type { ProfileStore } from '../profile-store.ts'
import { problemOf } from '../state-text.ts'
import { type ProblemKind, type UiKey, word } from '../words.ts'
import { icon } from './icon.ts'
import { LightElement } from './light-element.ts'
import { problem } from './problem.ts'

/** What the file is for. */
export type FileUse = 'import' | 'recover'

type Step =
  | { readonly name: 'choosing' }
  | { readonly name: 'working' }
  /** A room file that holds the key that owns the room. */
  | { readonly name: 'has-key'; readonly bytes: Uint8Array }

const OPENING_BRACE = 0x7b

/** Opens a room from a room file or a recovery file. Fires `room-wanted` with the open room. */
export class FileDialog extends LightElement {
  static override properties = {
    profile: { attribute: false },
    use: { state: true },
    file: { state: true },
    step: { state: true },
    fault: { state: true },
    failure: { state: true },
  }
  declare profile: ProfileStore
  declare use: FileUse
  declare file: File | null
  declare step: Step
  declare fault: UiKey | null
  declare failure: ProblemKind | null
  /** Counts openings: what belongs to one that was closed is dropped. */
  #opening = 0

  constructor() {
    super()
    this.use = 'import'
    this.#forget()
  }

  /** With a file it is looked at at once. */
  async show(use: FileUse, file: File | null = null): Promise<void> {
    this.#forget()
    this.use = use
    await this.updateComplete
    const dialog = this.querySelector('dialog')
    if (!dialog?.open) dialog?.showModal()
    if (file) await this.#take(file)
  }

  /** It may be open again by the time that this is told. */
  #closed(event: Event): void {
    if (!(event.target as HTMLDialogElement).open) this.#forget()
  }

  #forget(): void {
    this.#opening++
    this.file = null
    this.step = { name: 'choosing' }
    this.fault = null
    this.failure = null
    this.querySelector('form.recovery')?.dispatchEvent(new Event('forget'))
  }

  override render(): TemplateResult {
    const title = word(this.use === 'import' ? 'importTitle' : 'restoreRecovery')
    return html`<dialog class="small" aria-labelledby="file-heading" @close=${this.#closed}>
      <div class="dialog-head">
        <h2 id="file-heading">${title}</h2>
        <form method="dialog">
          <button class="icon-button" aria-label=${word('close')}>${icon('close')}</button>
        </form>
      </div>
      <form
        class="dialog-body recovery"
        @submit=${this.#submit}
        @forget=${(event: Event) => (event.target as HTMLFormElement).reset()}
        novalidate
      >
        ${this.use === 'recover' ? html`<p>${word('recoverExplained')}</p>` : nothing} ${this.#chooser()}
        ${this.use === 'recover' || this.step.name === 'has-key' ? this.#passphrase() : nothing}
        ${this.use === 'recover' ? this.#name() : nothing}
        ${this.fault ? html`<p class="fault" role="alert">${icon('alert')}${word(this.fault)}</p>` : nothing}
        ${this.failure ? problem(this.failure) : nothing} ${this.#buttons()}
      </form>
    </dialog>`
  }

  #chooser(): TemplateResult {
    const accepted = this.use === 'import' ? '.parley,application/octet-stream' : '.json,application/json'
    return html`<div class="chosen-file">
      ${icon('page')}<span class="chosen-name">${this.file?.name ?? word('noFileChosen')}</span>
      <button type="button" class="small" ?disabled=${this.step.name === 'working'} @click=${this.#choose}>
        ${word(this.file ? 'chooseOther' : 'chooseFile')}
      </button>
      <input type="file" accept=${accepted} hidden @change=${this.#chosen} />
    </div>`
  }

  #passphrase(): TemplateResult {
    return html`${this.step.name === 'has-key' ? html`<p>${word('importHasRoot')}</p>` : nothing}
      <div class="field">
        <label for="file-passphrase">${word('passphrase')}</label>
        <input id="file-passphrase" name="passphrase" type="password" autocomplete="off" />
      </div>`
  }

  #name(): TemplateResult {
    return html`<div class="field">
      <label for="file-name">${word('yourName')}</label>
      <input id="file-name" name="name" type="text" autocomplete="off" .value=${this.profile.value.name} />
    </div>`
  }

  #buttons(): TemplateResult | typeof nothing {
    const working = this.step.name === 'working'
    if (this.use === 'recover')
      return html`<button type="submit" class="primary" ?disabled=${working}>
        ${word(working ? 'recoverOpening' : 'recoverOpen')}
      </button>`
    if (working) return html`<p role="status">${word('importChecking')}</p>`
    if (this.step.name !== 'has-key') return nothing
    const { bytes } = this.step
    return html`<div class="dialog-buttons">
      <button type="button" @click=${() => void this.#import(bytes, null)}>${word('importWithoutKey')}</button>
      <button type="submit" class="primary">${word('importAsOwner')}</button>
    </div>`
  }

  #choose(): void {
    this.querySelector<HTMLInputElement>('input[type="file"]')?.click()
  }

  #chosen(event: Event): void {
    const input = event.target as HTMLInputElement
    const [file] = input.files ?? []
    // The same file may be chosen again, after it was replaced.
    input.value = ''
    if (file) void this.#take(file)
  }

  async #take(file: File): Promise<void> {
    this.file = file
    this.fault = null
    this.failure = null
    if (file.size > limits.ROOM_FILE_BYTES) {
      this.step = { name: 'choosing' }
      this.failure = 'file-damaged'
      return
    }
    const head = new Uint8Array(await file.slice(0, 1).arrayBuffer())
    const isRecovery = head[0] === OPENING_BRACE
    this.use = isRecovery ? 'recover' : this.use
    await this.updateComplete
    if (this.use === 'recover') {
      this.step = { name: 'choosing' }
      this.querySelector<HTMLElement>('#file-passphrase')?.focus()
      return
    }
    await this.#work(async () => {
      const bytes = new Uint8Array(await file.arrayBuffer())
      const { hasRoot } = await (await loadMesh()).inspectRoomFile(bytes)
      if (!hasRoot) return this.#imported(bytes, null)
      this.step = { name: 'has-key', bytes }
      await this.updateComplete
      this.querySelector<HTMLElement>('#file-passphrase')?.focus()
      return null
    }, null)
  }

  #submit(event: SubmitEvent): void {
    event.preventDefault()
    const form = new FormData(event.target as HTMLFormElement)
    const passphrase = normalizePassphrase(String(form.get('passphrase') ?? ''))
    if (this.use === 'import' && this.step.name !== 'has-key') return
    if (this.file === null) return this.#refuse('fileNeeded', '.chosen-file button')
    if (passphrase === '') return this.#refuse('passphraseNeeded', '#file-passphrase')
    if (this.step.name === 'has-key') void this.#import(this.step.bytes, passphrase)
    else void this.#recover(this.file, passphrase, String(form.get('name')))
  }

  #refuse(fault: UiKey, field: string): void {
    this.fault = fault
    this.querySelector<HTMLElement>(field)?.focus()
  }

  async #import(bytes: Uint8Array, passphrase: string | null): Promise<void> {
    await this.#work(() => this.#imported(bytes, passphrase), bytes)
  }

  async #imported(bytes: Uint8Array, passphrase: string | null): Promise<Room> {
    const mesh = await loadMesh()
    const key = passphrase === null ? {} : { passphrase }
    const room = await mesh.importRoom(bytes, { ...this.#options(), ...key })
    tellImport(room.id)
    return room
  }

  async #recover(file: File, passphrase: string, typedName: string): Promise<void> {
    const name = cleanName(typedName)
    if (name) this.profile.change({ name })
    await this.#work(async () => {
      const bytes = new Uint8Array(await file.arrayBuffer())
      return (await loadMesh()).recoverRoom(bytes, passphrase, this.#options())
    }, null)
  }

  #options(): OpenOptions {
    return openOptions(this.profile.value)
  }

  /** `bytes`: of a file whose passphrase may be tried again. */
  async #work(work: () => Promise<Room | null>, bytes: Uint8Array | null): Promise<void> {
    const opening = this.#opening
    this.step = { name: 'working' }
    this.fault = null
    this.failure = null
    try {
      const room = await work()
      if (!room) return
      if (opening !== this.#opening) return await room.close()
      this.dispatchEvent(new CustomEvent('room-wanted', { detail: { kind: 'opened', room } }))
    } catch (error) {
      if (opening !== this.#opening) return
      const failure = problemOf(error)
      if (failure === 'unexpected') reportError(error)
      this.step = bytes ? { name: 'has-key', bytes } : { name: 'choosing' }
      this.failure = failure
      await this.updateComplete
      this.querySelector<HTMLInputElement>('#file-passphrase')?.select()
    }
  }
}
