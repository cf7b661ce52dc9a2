import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite'
import { readSqlScript, type SqlStatement } from './sql-text.ts'

export type SqlValue = ArrayBuffer | string | number | null
export type SqlRow = Record<string, SqlValue>

const MAX_VALUE_BYTES = 2 * 1024 * 1024

/** workerd's error for statements that would bypass its own transactions. */
const TRANSACTION_REFUSED =
  'To execute a transaction, please use the state.storage.transaction() or state.storage.transactionSync() APIs instead of the SQL BEGIN TRANSACTION or SAVEPOINT statements.'

/** The pragmas that workerd allows and Entrada could use. */
const PRAGMAS =
  /^pragma\s+(?:table_info|table_list|index_list|foreign_keys|optimize|defer_foreign_keys)\b/i

/** `ctx.storage.sql` on real SQLite: only the interface is a double. */
export class SqlStorageDouble {
  readonly #database: () => DatabaseSync

  constructor(database: () => DatabaseSync) {
    this.#database = database
  }

  get databaseSize(): number {
    const pages = this.#database().prepare(
      'SELECT page_count * page_size AS size FROM pragma_page_count, pragma_page_size',
    )
    return Number(pages.get()?.['size'] ?? 0)
  }

  exec(script: string, ...bindings: unknown[]): SqlCursor {
    const database = this.#database()
    const statements = readSqlScript(script)
    const last = statements.at(-1)
    if (last === undefined) throw new Error('SQL code did not contain a statement.')
    if (last.parameters !== bindings.length) {
      throw new Error('Wrong number of parameter bindings for SQL query.')
    }
    for (const statement of statements.slice(0, -1)) run(database, statement, [])
    return run(database, last, bindings)
  }
}

/** Reads all rows at once. The platform reads row by row; no caller may rely on either. */
export class SqlCursor implements IterableIterator<SqlRow> {
  readonly columnNames: readonly string[]
  readonly rowsRead: number
  readonly rowsWritten: number
  readonly #rows: Iterator<SqlRow>

  constructor(columnNames: readonly string[], rows: readonly SqlRow[], rowsWritten: number) {
    this.columnNames = columnNames
    this.rowsRead = rows.length
    this.rowsWritten = rowsWritten
    this.#rows = rows.values()
  }

  next(): IteratorResult<SqlRow> {
    return this.#rows.next()
  }

  [Symbol.iterator](): this {
    return this
  }

  toArray(): SqlRow[] {
    return [...this]
  }

  one(): SqlRow {
    const [row, ...others] = this
    if (row === undefined) {
      throw new Error('Expected exactly one result from SQL query, but got no results.')
    }
    if (others.length > 0) {
      throw new Error('Expected exactly one result from SQL query, but got multiple results.')
    }
    return row
  }

  *raw(): Generator<SqlValue[]> {
    for (const row of this) yield Object.values(row)
  }
}

function run(database: DatabaseSync, { text }: SqlStatement, bindings: unknown[]): SqlCursor {
  refuseForbidden(text.trimStart())
  try {
    const statement = database.prepare(text)
    statement.setReadBigInts(true)
    const before = totalChanges(database)
    const rows = statement
      .all(...bindings.map(toSqlite))
      .map((row) =>
        Object.fromEntries(Object.entries(row).map(([name, value]) => [name, fromSqlite(value)])),
      )
    const names = statement.columns().map((column) => column.name)
    return new SqlCursor(names, rows, totalChanges(database) - before)
  } catch (cause) {
    if (cause instanceof Error) cause.message = `${cause.message}: SQLITE_ERROR`
    throw cause
  }
}

function refuseForbidden(text: string): void {
  if (/^(?:begin|commit|end|rollback|savepoint|release)\b/i.test(text)) {
    throw new Error(TRANSACTION_REFUSED)
  }
  const isForbidden = /^(?:attach|detach|vacuum)\b/i.test(text) || /\b_cf_/i.test(text)
  if (isForbidden || (/^pragma\b/i.test(text) && !PRAGMAS.test(text))) {
    throw new Error('not authorized: SQLITE_AUTH')
  }
}

/** Converts as workerd does: anything except a number, bytes and null becomes a string. */
function toSqlite(value: unknown): SQLInputValue {
  if (value === null || value === undefined) return null
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') throw new TypeError('Cannot convert a BigInt value to a number')
  const bytes = bytesOf(value)
  // oxlint-disable-next-line typescript/no-base-to-string -- workerd binds '[object Object]' as well
  const bound = bytes ?? String(value)
  if (bound.length > MAX_VALUE_BYTES) throw new Error('string or blob too big: SQLITE_TOOBIG')
  return bound
}

function bytesOf(value: unknown): Uint8Array | null {
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  if (!ArrayBuffer.isView(value)) return null
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
}

function fromSqlite(value: SQLOutputValue): SqlValue {
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof Uint8Array) return new Uint8Array(value).buffer
  return value
}

function totalChanges(database: DatabaseSync): number {
  return Number(database.prepare('SELECT total_changes() AS total').get()?.['total'] ?? 0)
}
