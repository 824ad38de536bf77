/** Every element by its name. A surface defines its own: it comes when it is needed. */
import { AccessLists } from './elements/access-lists.ts'
import { ConfirmDialog } from './elements/confirm-dialog.ts'
import { HomeScreen } from './elements/home-screen.ts'
import { LiveRegion } from './elements/live-region.ts'
import { ParleyApp } from './elements/parley-app.ts'
import { PeopleDrawer } from './elements/people-drawer.ts'
import { ProfileForm } from './elements/profile-form.ts'
import { QrCode } from './elements/qr-code.ts'
import { RecoveryDialog } from './elements/recovery-dialog.ts'
import { RoomBar } from './elements/room-bar.ts'
import { RoomScreen } from './elements/room-screen.ts'
import { ShareDialog } from './elements/share-dialog.ts'
import { ThemeToggle } from './elements/theme-toggle.ts'
import { DocumentPage } from './surfaces/document/document-page.ts'

export function defineElements(): void {
  customElements.define('access-lists', AccessLists)
  customElements.define('confirm-dialog', ConfirmDialog)
  customElements.define('live-region', LiveRegion)
  customElements.define('people-drawer', PeopleDrawer)
  customElements.define('profile-form', ProfileForm)
  customElements.define('qr-code', QrCode)
  customElements.define('recovery-dialog', RecoveryDialog)
  customElements.define('room-bar', RoomBar)
  customElements.define('share-dialog', ShareDialog)
  customElements.define('theme-toggle', ThemeToggle)
  customElements.define('document-page', DocumentPage)
  customElements.define('home-screen', HomeScreen)
  customElements.define('room-screen', RoomScreen)
  customElements.define('parley-app', ParleyApp)
}
