import { clearedChatCookie, ownCookie, readOwnCookies } from '../cookies.ts'
import type { User } from '../session/session.ts'
import type { ChatSettings } from '../settings/chat.ts'
import { sha256Of } from '../crypto/web-crypto.ts'
import { PRESETS } from '../settings/presets.ts'

/** Names the last user of the chat in this browser. The prefix keeps the chat from reading or setting it. */
const LAST_USER_COOKIE = '__Host-entrada-last'
/** The longest life that browsers allow (RFC 6265bis §5.5), because the chat's cookies may live as long. */
const LAST_USER_SECONDS = 400 * 86_400

/**
 * Clears the chat app's own session cookies when the user changes. The app signs a person in by our headers once
 * and then trusts its cookie, so the next person would see the former person's chat (open-webui#14406).
 */
export class ChatCookies {
  readonly #names: readonly string[]

  constructor({ preset, clearCookies }: Pick<ChatSettings, 'preset' | 'clearCookies'>) {
    this.#names = clearCookies ?? PRESETS[preset].cookies
  }

  /** Returns the `Set-Cookie` lines for a sign-out. */
  onLeave(): readonly string[] {
    return this.#names.map(clearedChatCookie)
  }

  /** Returns the `Set-Cookie` lines for a sign-in; empty when the same person signs in again. */
  async onEnter(cookieHeader: string | null, user: User): Promise<readonly string[]> {
    const mark = await markOf(user)
    const lastUser = readOwnCookies(cookieHeader).get(LAST_USER_COOKIE)
    if (this.#names.length === 0 || lastUser === mark) return []
    const remember = ownCookie(LAST_USER_COOKIE, mark, LAST_USER_SECONDS)
    return [...this.onLeave(), remember]
  }
}

/** A hash that shows whether two sign-ins are the same person's, without naming the person. */
async function markOf({ tenantId, id }: User): Promise<string> {
  return (await sha256Of(JSON.stringify(['entrada-last', tenantId, id]))).slice(0, 24)
}
