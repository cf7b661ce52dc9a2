import { CAST } from '../../sandbox/directory/cast.ts'
import type { HostHandler } from '../../sandbox/sandbox.ts'
import { aGuardedChat } from '../../support/chat-double.ts'
import type { EntradaOptions } from '../../support/entrada.ts'

/** Signs Adele in and returns her browser; from then on the chat responds as given. */
export async function adeleAt(answer: HostHandler, options: EntradaOptions = {}) {
  const { entrada, chat } = aGuardedChat(options)
  const browser = entrada.browser()
  await browser.signIn(CAST.adele.userPrincipalName)
  chat.answer(answer)
  return { entrada, chat, browser }
}
