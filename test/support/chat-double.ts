import { generateKeyPairSync } from 'node:crypto'
import type { HostHandler } from '../sandbox/sandbox.ts'
import { anEntrada, type Entrada, type EntradaOptions } from './entrada.ts'

export const CHAT_ORIGIN = 'https://origin.contoso.example'

/** A chat app that records its requests and answers as a test says. */
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

/** Made once per process: making an RSA key takes a tenth of a second. */
const SIGNING_KEYS = JSON.stringify({
  keys: [
    {
      ...generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }),
      kid: 'test',
    },
  ],
})

export interface GuardedChat {
  readonly entrada: Entrada
  readonly chat: ChatDouble
}

/** Entrada in front of a chat double. With `SIGNING_KEYS: null` Entrada makes its own keys. */
export function aGuardedChat(options: EntradaOptions = {}, answer?: HostHandler): GuardedChat {
  const chat = new ChatDouble(answer)
  const entrada = anEntrada({
    ...options,
    hosts: { [CHAT_ORIGIN]: chat.handle, ...options.hosts },
    settings: { ORIGIN_URL: CHAT_ORIGIN, SIGNING_KEYS, ...options.settings },
  })
  return { entrada, chat }
}
