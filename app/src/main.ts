import './styles/tokens.css'
import './styles/base.css'
import './styles/home.css'
import './styles/room.css'
import './styles/dialogs.css'
import './styles/prose.css'
import './styles/print.css'
import { defineElements } from './define-elements.ts'
import { registerOfflineWorker } from './offline/register-worker.ts'
import { installDefaultPolicy } from './trusted-types.ts'
import { language } from './words.ts'

installDefaultPolicy()
document.documentElement.lang = language
defineElements()
// In development files change from one moment to the next.
if (import.meta.env.PROD) registerOfflineWorker()
