/** Every element by its name. A surface defines its own: it comes when it is needed. */
import { AccessLists } from './elements/access-lists.ts'
import { ConfirmDialog } from './elements/confirm-dialog.ts'
import { ExportDialog } from './elements/export-dialog.ts'
import { FileDialog } from './elements/file-dialog.ts'
import { HistoryDialog } from './elements/history-dialog.ts'
import { HomeScreen } from './elements/home-screen.ts'
import { KeepCopy } from './elements/keep-copy.ts'
import { LiveRegion } from './elements/live-region.ts'
import { ParleyApp } from './elements/parley-app.ts'
import { PassphraseFields } from './elements/passphrase-fields.ts'
import { PeopleDrawer } from './elements/people-drawer.ts'
import { ProfileForm } from './elements/profile-form.ts'
import { QrCode } from './elements/qr-code.ts'
import { RecoveryDialog } from './elements/recovery-dialog.ts'
import { RoomBar } from './elements/room-bar.ts'
import { RoomMenu } from './elements/room-menu.ts'
import { RoomScreen } from './elements/room-screen.ts'
import { ShareDialog } from './elements/share-dialog.ts'
import { ThemeToggle } from './elements/theme-toggle.ts'
import { DocumentPage } from './surfaces/document/document-page.ts'

export function defineElements(): void {
  customElements.define('access-lists', AccessLists)
  customElements.define('confirm-dialog', ConfirmDialog)
  customElements.define('export-dialog', ExportDialog)
  customElements.define('file-dialog', FileDialog)
  customElements.define('history-dialog', HistoryDialog)
  customElements.define('keep-copy', KeepCopy)
  customElements.define('live-region', LiveRegion)
  customElements.define('passphrase-fields', PassphraseFields)
  customElements.define('people-drawer', PeopleDrawer)
  customElements.define('profile-form', ProfileForm)
  customElements.define('qr-code', QrCode)
  customElements.define('recovery-dialog', RecoveryDialog)
  customElements.define('room-bar', RoomBar)
  customElements.define('room-menu', RoomMenu)
  customElements.define('share-dialog', ShareDialog)
  customElements.define('theme-toggle', ThemeToggle)
  customElements.define('document-page', DocumentPage)
  customElements.define('home-screen', HomeScreen)
  customElements.define('room-screen', RoomScreen)
  customElements.define('parley-app', ParleyApp)
}
