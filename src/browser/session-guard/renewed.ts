import { announceRenewal } from './session-channel.ts'

announceRenewal()
// Takes effect only where a script has opened this window; otherwise the page says what to do.
setTimeout(() => window.close(), 50)
