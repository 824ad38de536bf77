/** Somebody in front of a browser. Finds controls by role and name, as anybody's automated browser would. */
import type { BrowserContext, Locator, Page } from 'playwright-core'
import { watchConduct } from './conduct.ts'

export type InviteRole = 'Can view' | 'Can edit'

export class Person {
  readonly name: string
  readonly page: Page
  readonly origin: string
  readonly #context: BrowserContext
  readonly #conduct: ReturnType<typeof watchConduct>

  private constructor(context: BrowserContext, page: Page, name: string, origin: string) {
    this.#context = context
    this.page = page
    this.name = name
    this.origin = origin
    this.#conduct = watchConduct(context, origin)
  }

  static async sitDown(context: BrowserContext, name: string, origin: string): Promise<Person> {
    const page = context.pages()[0] ?? (await context.newPage())
    return new Person(context, page, name, origin)
  }

  button(name: string): Locator {
    return this.page.getByRole('button', { name, exact: true })
  }

  textbox(name: string): Locator {
    return this.page.getByRole('textbox', { name, exact: true })
  }

  status(name: 'Save state' | 'Connection'): Locator {
    return this.page.getByRole('status', { name, exact: true })
  }

  get document(): Locator {
    return this.textbox('Document')
  }

  get people(): Locator {
    return this.page.getByRole('list', { name: 'People', exact: true }).getByRole('listitem')
  }

  /** Home → New room, under the person's name. */
  async makeRoom(): Promise<void> {
    await this.page.goto(`${this.origin}/`)
    await this.textbox('Your name').fill(this.name)
    await this.button('New room').click()
    await this.document.waitFor()
  }

  /** Opens a link that may have been made under another address of the same server. */
  async enter(link: string): Promise<void> {
    await this.page.goto(`${this.origin}/${link.slice(link.indexOf('#'))}`)
    await this.document.waitFor()
    await this.textbox('Your name').fill(this.name)
  }

  /** Share → role → Create invite; gives the link and closes the dialog. */
  async invite(role: InviteRole): Promise<string> {
    await this.button('Share').click()
    const dialog = this.page.getByRole('dialog', { name: 'Share', exact: true })
    await dialog.getByRole('radio', { name: role, exact: true }).check()
    await dialog.getByRole('button', { name: 'Create invite', exact: true }).click()
    const link = await dialog.getByRole('textbox', { name: 'Invite link', exact: true }).inputValue()
    await this.page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'hidden' })
    return link
  }

  /** Types where the caret is; at first that is the beginning. */
  async type(text: string): Promise<void> {
    await this.document.focus()
    await this.page.keyboard.type(text)
  }

  /** Types at the end of the document. */
  async append(text: string): Promise<void> {
    await this.document.focus()
    await this.page.keyboard.press('Control+End')
    await this.page.keyboard.type(text)
  }

  /** What a reader of the document gets, a line per paragraph; carets of others are no part of it. */
  text(): Promise<string> {
    return this.document.evaluate((element) => {
      const copy = element.cloneNode(true) as Element
      for (const hidden of copy.querySelectorAll('[aria-hidden="true"]')) hidden.remove()
      return [...copy.children].map((block) => block.textContent).join('\n')
    })
  }

  /** Until the screen shows what the page knows by now: an edit just made is no longer behind an older save state. */
  async painted(): Promise<void> {
    await this.page.evaluate(
      () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
    )
  }

  /** The document with its formatting, as roles. */
  structure(): Promise<string> {
    return this.document.ariaSnapshot()
  }

  /** Whatever the page did that it should not have; empty is well. */
  faults(): readonly string[] {
    return this.#conduct.faults
  }

  get requestCount(): number {
    return this.#conduct.requests.length
  }

  async leave(): Promise<void> {
    await this.#context.close()
  }
}
