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
    return this.#names.map(clearCookie)
  }

  /** `Set-Cookie` lines for a sign-in: somebody else than last time does not inherit. */
  async onEnter(cookieHeader: string | null, user: User): Promise<readonly string[]> {
    const mark = await markOf(user)
    if (this.#names.length === 0 || lastUserOf(cookieHeader) === mark) return []
    const remember = `${LAST_USER_COOKIE}=${mark}; Max-Age=${LAST_USER_SECONDS}; Path=/; HttpOnly; Secure; SameSite=Lax`
    return [...this.onLeave(), remember]
  }
}

/** Says whether two sign-ins were one person's, and nothing about who that is. */
async function markOf({ tenantId, id }: User): Promise<string> {
  return (await sha256Of(JSON.stringify(['entrada-last', tenantId, id]))).slice(0, 24)
}

function lastUserOf(cookieHeader: string | null): string | null {
  const pairs = (cookieHeader ?? '').split(/[;,]/).map((pair) => pair.trim())
  const pair = pairs.find((one) => one.startsWith(`${LAST_USER_COOKIE}=`))
  return pair?.slice(LAST_USER_COOKIE.length + 1) ?? null
}

/** A cookie is named by name, domain and path; apps in front of which we stand set theirs for the whole host. */
function clearCookie(name: string): string {
  // Browsers take a line about such a name only with Secure, also to clear it.
  const secure = /^__(?:host|secure)-/i.test(name) ? '; Secure' : ''
  return `${name}=; Max-Age=0; Path=/${secure}`
}
