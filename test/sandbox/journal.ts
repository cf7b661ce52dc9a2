export interface JournalEntry {
  /** Key of the host in `SandboxHosts`, or `unknown`. */
  readonly host: string
  readonly method: string
  readonly url: URL
  readonly headers: Headers
  /** Form fields of a urlencoded body, for the token endpoint. Empty otherwise. */
  readonly form: URLSearchParams
}

/** Every request that reached the simulated internet, in order. */
export class Journal {
  readonly #entries: JournalEntry[] = []

  record(entry: JournalEntry): void {
    this.#entries.push(entry)
  }

  /** Requests to a host whose path starts as given. */
  to(host: JournalEntry['host'], path = '/'): readonly JournalEntry[] {
    return this.#entries.filter(
      (entry) => entry.host === host && entry.url.pathname.startsWith(path),
    )
  }

  /** Token requests of one grant type. */
  redemptions(grantType?: 'authorization_code' | 'refresh_token'): readonly JournalEntry[] {
    return this.#entries.filter(
      (entry) =>
        entry.host === 'login' &&
        entry.url.pathname.endsWith('/token') &&
        (grantType === undefined || entry.form.get('grant_type') === grantType),
    )
  }

  get all(): readonly JournalEntry[] {
    return this.#entries
  }

  clear(): void {
    this.#entries.length = 0
  }
}
