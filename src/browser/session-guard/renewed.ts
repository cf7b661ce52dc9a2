import { announceRenewal } from './session-channel.ts'

announceRenewal()
// Browsers close only windows that a script has opened; in any other the page tells the person what to do.
setTimeout(() => window.close(), 50)
