import { readFirstSessionCookie, readSessionCookies } from '../cookies.ts'
import { epochSeconds } from '../time.ts'
import type { Log } from '../log.ts'
import type { Settings } from '../settings/settings.ts'
import { callObject, type ObjectNamespace } from '../storage/durable-objects.ts'
import type { SealedBox } from '../crypto/web-crypto.ts'
import type { Resource } from '../entra/access-token.ts'
import type {
  SessionRpc,
  SessionDescription,
  EndedSession,
  NewSession,
  UserRpc,
} from './session-rpc.ts'
import { type SessionKey, SessionMarks, writeSessionKey } from './session-cookie.ts'
import { openedSession, type SessionCalls } from './opened-session.ts'
import type { ReplayGuard } from './replay-guard.ts'
import { SessionCache } from './session-cache.ts'
import type { Session, SessionView } from './session.ts'
import { browserSessionName, userObjectName } from './user-sessions.ts'

/** A logout token is accepted for a shorter time than this. */
const LOGOUT_TOKEN_MEMORY_SECONDS = 900
/** A sibling host may plant a duplicate cookie; more than three are ignored. */
const MAX_COOKIES_TRIED = 3

/** What a chat's server holds of a session. It opens the session only together with what its object stores. */
export interface SessionGrant {
  /** Name of the session's object. */
  readonly sessionName: string
  readonly wrappedSecret: string
}

/** How a session is requested. */
export interface FindOptions {
  /** `false` for polling, which does not keep a session from going idle. */
  readonly countsAsActivity?: boolean
  /** A token to return in the same call. */
  readonly token?: Resource | null
}

/** A living session, and the key that opened it. */
export interface FoundSession {
  readonly session: Session
  readonly key: SessionKey
}

/** What `Sessions` needs beside its object namespaces. */
export interface SessionsDeps {
  readonly settings: Pick<Settings, 'sessions'>
  readonly box: SealedBox
  readonly replayGuard: ReplayGuard
}

/** The Worker's access to sessions: finds the object of a cookie, and caches sessions for proxied sub-resources. */
export class Sessions {
  readonly #sessions: ObjectNamespace<SessionRpc>
  readonly #users: ObjectNamespace<UserRpc>
  readonly #replayGuard: ReplayGuard
  readonly #cache: SessionCache
  readonly #marks: SessionMarks

  constructor(
    sessions: ObjectNamespace<SessionRpc>,
    users: ObjectNamespace<UserRpc>,
    { settings, box, replayGuard }: SessionsDeps,
  ) {
    this.#sessions = sessions
    this.#users = users
    this.#replayGuard = replayGuard
    this.#cache = new SessionCache(settings.sessions.checkSeconds)
    this.#marks = new SessionMarks(box)
  }

  /** Begins a session under a new id, whatever cookie the browser sent (session fixation). */
  async begin(
    start: Omit<NewSession, 'secret'>,
    browserSessionId: string | null,
  ): Promise<{ readonly key: SessionKey; readonly session: SessionView }> {
    const key = await this.#marks.create()
    const session = await this.#object(key).begin({ ...start, secret: key.secret })
    const { tenantId, id } = session.user
    const lists = [userObjectName(tenantId, id)]
    if (browserSessionId !== null) lists.push(browserSessionName(browserSessionId))
    await Promise.all(
      lists.map((name) => callObject(() => this.#list(name).add(session.id, session.expiresAt))),
    )
    return { key, session }
  }

  /**
   * The session of a request from this isolate's cache, at most `SESSION_CHECK_SECONDS` old. `null`: not cached, so
   * call `find`. Synchronous, because a microtask is measurable on a proxied request (`npm run bench`).
   */
  recall(cookieHeader: string | null, log: Log, countsAsActivity: boolean): Session | null {
    const cookie = readFirstSessionCookie(cookieHeader)
    const known = cookie === null ? null : this.#cache.recall(cookie, countsAsActivity)
    return known === null ? null : openedSession(known.session, this.#callsOf(known.key, log))
  }

  /** The living session of a request as its object knows it, `null` if there is none. */
  async find(
    cookieHeader: string | null,
    log: Log,
    options: FindOptions = {},
  ): Promise<Session | null> {
    return (await this.findWithKey(cookieHeader, log, options))?.session ?? null
  }

  /** `find`, and the key of the one cookie that opened it. */
  async findWithKey(
    cookieHeader: string | null,
    log: Log,
    options: FindOptions = {},
  ): Promise<FoundSession | null> {
    for (const key of await this.#keysOf(cookieHeader)) {
      const session = await this.findByKey(key, log, options)
      if (session !== null) return { session, key }
    }
    return null
  }

  /** The living session that a key opens, `null` if there is none. */
  async findByKey(
    key: SessionKey,
    log: Log,
    { countsAsActivity = true, token: resource = null }: FindOptions = {},
  ): Promise<Session | null> {
    const cookie = writeSessionKey(key)
    const request = { countsAsActivity, resource, requestId: log.requestId }
    const opened = await this.#marks.open(key, () =>
      callObject(() => this.#object(key).open(key.secret, request)),
    )
    if (opened === null) return null
    if (!opened.alive) {
      this.#cache.forget(cookie)
      return null
    }
    const { session, token } = opened
    this.#cache.keep(cookie, { key, session }, countsAsActivity)
    const received = resource === null || token === null ? null : { resource, ...token }
    return openedSession(session, this.#callsOf(key, log), received)
  }

  /** What a chat's server may hold of a session; `null` when the session has ended. */
  async grant(key: SessionKey): Promise<SessionGrant | null> {
    const wrappedSecret = await callObject(() => this.#object(key).wrapSecret(key.secret))
    return wrappedSecret === null ? null : { sessionName: key.name, wrappedSecret }
  }

  /** The living session of a grant. A server's call does not count as activity. */
  async findGranted(
    { sessionName: name, wrappedSecret }: SessionGrant,
    log: Log,
  ): Promise<Session | null> {
    const opened = await callObject(() =>
      this.#sessions.get(this.#sessions.idFromName(name)).openWrapped(wrappedSecret, log.requestId),
    )
    if (!opened.alive) return null
    const key = { name, secret: opened.secret, mark: null }
    return openedSession(opened.session, this.#callsOf(key, log))
  }

  /** Ends the session of a request: in this isolate at once, in every other within `SESSION_CHECK_SECONDS`. */
  async end(cookieHeader: string | null, log: Log): Promise<EndedSession | null> {
    let last: EndedSession | null = null
    for (const key of await this.#keysOf(cookieHeader)) {
      this.#cache.forget(writeSessionKey(key))
      // Ending needs the secret: the name of the object alone proves nothing.
      if ((await this.findByKey(key, log, { countsAsActivity: false })) === null) continue
      last = await callObject(() => this.#object(key).end(key.secret))
    }
    return last
  }

  /**
   * Ends a session by its public handle. The caller must have taken the handle from the user's own list.
   * @returns whether there was one left to end
   */
  async endById(sessionId: string): Promise<boolean> {
    this.#cache.forgetSession(sessionId)
    return (await callObject(() => this.#byId(sessionId).end(null))) !== null
  }

  /** Ends every session that began in one browser session of the sign-in service (`sid`). */
  async endByBrowserSession(sid: string): Promise<number> {
    return this.#endAllOn(browserSessionName(sid))
  }

  async endOfUser(tenantId: string, userId: string): Promise<number> {
    return this.#endAllOn(userObjectName(tenantId, userId))
  }

  /** Uses the id of a logout token (`jti`); whether this is its first use. */
  isFirstUse(tokenId: string): Promise<boolean> {
    const until = epochSeconds() + LOGOUT_TOKEN_MEMORY_SECONDS
    return this.#replayGuard.use(`logout-token/${tokenId}`, until)
  }

  /** The living sessions of a user, newest first. */
  async listOf(tenantId: string, userId: string): Promise<readonly SessionDescription[]> {
    const ids = await callObject(() => this.#list(userObjectName(tenantId, userId)).list())
    const found = await Promise.all(ids.map((id) => callObject(() => this.#byId(id).describe())))
    return found.filter((one) => one !== null).sort((a, b) => b.createdAt - a.createdAt)
  }

  async #endAllOn(listName: string): Promise<number> {
    const ids = await callObject(() => this.#list(listName).list())
    const ended = await Promise.all(ids.map((id) => this.endById(id)))
    return ended.filter(Boolean).length
  }

  #list(name: string): UserRpc {
    return this.#users.get(this.#users.idFromName(name))
  }

  #byId(sessionId: string): SessionRpc {
    return this.#sessions.get(this.#sessions.idFromString(sessionId))
  }

  /** Keys of the session cookies of a request. Cookies that were not made here are left out. */
  async #keysOf(cookieHeader: string | null): Promise<readonly SessionKey[]> {
    const cookies = readSessionCookies(cookieHeader).slice(0, MAX_COOKIES_TRIED)
    const keys = await Promise.all(cookies.map((cookie) => this.#marks.read(cookie)))
    return keys.filter((key) => key !== null)
  }

  #callsOf(key: SessionKey, { requestId }: Log): SessionCalls {
    return {
      accessToken: (request) =>
        callObject(() => this.#object(key).accessToken(key.secret, { ...request, requestId })),
      pendingClaims: () => callObject(() => this.#object(key).pendingClaims(key.secret)),
    }
  }

  #object({ name }: SessionKey): SessionRpc {
    return this.#sessions.get(this.#sessions.idFromName(name))
  }
}
