import { clearedChatCookie, ownCookie, readOwnCookies } from '../cookies.ts'
import type { User } from '../session/session.ts'
import type { ChatSettings } from '../settings/chat.ts'
import { sha256Of } from '../crypto/digest.ts'
import { PRESETS } from '../settings/presets.ts'

/** Remembers whose chat this browser last showed. Ours, so the chat neither sees nor sets it. */
const LAST_USER_COOKIE = '__Host-entrada-last'
/** As long as browsers keep anything (RFC 6265bis §5.5): the chat's own cookies may live that long, too. */
const LAST_USER_SECONDS = 400 * 86_400

/**
 * The chat app signs a person in by what we tell it, and then goes by its own cookie. When that person leaves,
 * the cookie has to go as well, or the next one meets the former one's chat (open-webui#14406).
 */
export class ChatCookies {
  readonly #names: readonly string[]

  constructor({ preset, clearCookies }: Pick<ChatSettings, 'preset' | 'clearCookies'>) {
    this.#names = clearCookies ?? PRESETS[preset].cookies
  }

  /** `Set-Cookie` lines for a sign-out. */
  onLeave(): readonly string[] {
    return this.#names.map(clearedChatCookie)
  }

  /** `Set-Cookie` lines for a sign-in: somebody else than last time does not inherit. */
  async onEnter(cookieHeader: string | null, user: User): Promise<readonly string[]> {
    const mark = await markOf(user)
    const lastUser = readOwnCookies(cookieHeader).get(LAST_USER_COOKIE)
    if (this.#names.length === 0 || lastUser === mark) return []
    const remember = ownCookie(LAST_USER_COOKIE, mark, LAST_USER_SECONDS)
    return [...this.onLeave(), remember]
  }
}

/** Says whether two sign-ins were one person's, and nothing about who that is. */
async function markOf({ tenantId, id }: User): Promise<string> {
  return (await sha256Of(JSON.stringify(['entrada-last', tenantId, id]))).slice(0, 24)
}
