import type { HostHandler } from '../sandbox/sandbox.ts'
import { anEntrada, type Entrada, type EntradaOptions } from './entrada.ts'

export const CHAT_ORIGIN = 'https://origin.contoso.example'

/** A chat app that remembers what reached it and answers what a test says. */
export class ChatDouble {
  readonly requests: Request[] = []
  #answer: HostHandler

  constructor(answer: HostHandler = () => new Response('hello')) {
    this.#answer = answer
  }

  answer(answer: HostHandler): void {
    this.#answer = answer
  }

  get last(): Request {
    const last = this.requests.at(-1)
    if (last === undefined) throw new Error('nothing reached the chat')
    return last
  }

  readonly handle: HostHandler = async (request) => {
    this.requests.push(request)
    return this.#answer(request)
  }
}

/** Entrada in front of a chat of the test's own. */
export function aGuardedChat(
  options: EntradaOptions = {},
  answer?: HostHandler,
): { readonly entrada: Entrada; readonly chat: ChatDouble } {
  const chat = new ChatDouble(answer)
  const entrada = anEntrada({
    ...options,
    hosts: { [CHAT_ORIGIN]: chat.handle, ...options.hosts },
    settings: { ORIGIN_URL: CHAT_ORIGIN, ...options.settings },
  })
  return { entrada, chat }
}
