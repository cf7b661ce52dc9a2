import { LazySchema, type ObjectStorage } from '../storage/durable-objects.ts'
import type { SealedRefreshToken } from '../storage/refresh-token-vault.ts'

/** The one session of the object as its row stores it. Readable are times alone, in epoch seconds. */
export type SessionRow = {
  /** SHA-256 of the browser's half of the key: verifies the cookie, decrypts nothing. */
  readonly secretHash: string
  /** `SessionIdentity`, sealed with the browser's half of the key. */
  readonly sealedIdentity: string
  /** Id of the `UserObject` that lists the user's sessions. */
  readonly userObjectId: string
  readonly userAgent: string
  readonly createdAt: number
  readonly lastSeenAt: number
  readonly expiresAt: number
  /** When account and membership were last checked. */
  readonly checkedAt: number
}

export type TokenRow = {
  readonly sealed: string
  readonly expiresAt: number
}

const TABLES = `
  CREATE TABLE IF NOT EXISTS session (
    id INTEGER PRIMARY KEY, secret_hash TEXT NOT NULL, sealed_identity TEXT NOT NULL,
    user_object_id TEXT NOT NULL, user_agent TEXT NOT NULL, created_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, checked_at INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS refresh_grant (id INTEGER PRIMARY KEY, version INTEGER NOT NULL, sealed TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS claims_challenge (id INTEGER PRIMARY KEY, sealed TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS access_token (resource TEXT PRIMARY KEY, sealed TEXT NOT NULL, expires_at INTEGER NOT NULL);
`

/** The SQLite rows of one session object. What is sealed in them: sealed-rows.ts. */
export class SessionRows {
  readonly #storage: ObjectStorage
  readonly #tables: LazySchema

  constructor(storage: ObjectStorage) {
    this.#storage = storage
    this.#tables = new LazySchema(storage, TABLES)
  }

  read(): SessionRow | null {
    return this.#first<SessionRow>(
      `SELECT secret_hash AS secretHash, sealed_identity AS sealedIdentity,
        user_object_id AS userObjectId, user_agent AS userAgent, created_at AS createdAt,
        last_seen_at AS lastSeenAt, expires_at AS expiresAt, checked_at AS checkedAt FROM session`,
    )
  }

  write(row: SessionRow): void {
    this.#tables.create()
    this.#storage.sql.exec(
      'INSERT OR REPLACE INTO session VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?)',
      row.secretHash,
      row.sealedIdentity,
      row.userObjectId,
      row.userAgent,
      row.createdAt,
      row.lastSeenAt,
      row.expiresAt,
      row.checkedAt,
    )
  }

  seen(at: number): void {
    this.#storage.sql.exec('UPDATE session SET last_seen_at = ?', at)
  }

  checked(at: number): void {
    this.#storage.sql.exec('UPDATE session SET checked_at = ?', at)
  }

  readGrant(): SealedRefreshToken | null {
    return this.#first<Pick<SealedRefreshToken, keyof SealedRefreshToken>>(
      'SELECT version, sealed FROM refresh_grant',
    )
  }

  writeGrant({ version, sealed }: SealedRefreshToken): void {
    this.#storage.sql.exec('INSERT OR REPLACE INTO refresh_grant VALUES (1, ?, ?)', version, sealed)
  }

  readToken(resource: string): TokenRow | null {
    return this.#first<TokenRow>(
      'SELECT sealed, expires_at AS expiresAt FROM access_token WHERE resource = ?',
      resource,
    )
  }

  writeToken(resource: string, { sealed, expiresAt }: TokenRow): void {
    this.#storage.sql.exec(
      'INSERT OR REPLACE INTO access_token VALUES (?, ?, ?)',
      resource,
      sealed,
      expiresAt,
    )
  }

  readClaims(): string | null {
    return this.#first<{ sealed: string }>('SELECT sealed FROM claims_challenge')?.sealed ?? null
  }

  writeClaims(sealed: string): void {
    this.#storage.sql.exec('INSERT OR REPLACE INTO claims_challenge VALUES (1, ?)', sealed)
  }

  /** The object's wrapping key: the first one offered stays for the session's life. Call it with a session only. */
  wrappingKey(offered: string): string {
    // Created on first use: the object of an older session has its other tables already.
    this.#storage.sql.exec(
      'CREATE TABLE IF NOT EXISTS wrapping_key (id INTEGER PRIMARY KEY, key TEXT NOT NULL)',
    )
    this.#storage.sql.exec('INSERT OR IGNORE INTO wrapping_key VALUES (1, ?)', offered)
    return this.#first<{ key: string }>('SELECT key FROM wrapping_key')?.key ?? offered
  }

  /** Deletes everything, also the tables. A random id never comes again, so no tombstone is needed. */
  erase(): Promise<void> {
    return this.#tables.drop()
  }

  /** The first row. Its type is what the statement selects; only this class writes rows. */
  #first<T extends Record<string, SqlStorageValue>>(
    query: string,
    ...values: readonly string[]
  ): T | null {
    if (!this.#tables.exist) return null
    const [row = null] = this.#storage.sql.exec<T>(query, ...values).toArray()
    return row
  }
}
