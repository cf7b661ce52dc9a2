import type { EventFields, EventName } from './events.ts'

/** Writes the events of one request. Each level takes only its own events (`src/events.ts`). */
export interface Log {
  readonly requestId: string
  /** For auditors: who did what, with which result. */
  audit<Name extends EventName<'audit'>>(event: Name, fields?: EventFields<Name>): void
  info<Name extends EventName<'info'>>(event: Name, fields?: EventFields<Name>): void
  warn<Name extends EventName<'warn'>>(event: Name, fields?: EventFields<Name>): void
  /** Of `cause` only the class and code are logged, because messages of libraries quote their input. */
  error<Name extends EventName<'error'>>(
    event: Name,
    cause: unknown,
    fields?: EventFields<Name>,
  ): void
}

type Level = 'audit' | 'info' | 'warn' | 'error'

/**
 * Makes a log that writes one JSON object a line. Workers Logs indexes its fields.
 * @param requestId a new one by default, made when it is first read: most proxied requests log nothing
 */
export function createLog(requestId?: string): Log {
  return new ConsoleLog(requestId)
}

class ConsoleLog implements Log {
  #requestId: string | undefined

  constructor(requestId: string | undefined) {
    this.#requestId = requestId
  }

  get requestId(): string {
    this.#requestId ??= crypto.randomUUID()
    return this.#requestId
  }

  audit(event: string, fields?: object): void {
    this.#write('audit', event, fields)
  }

  info(event: string, fields?: object): void {
    this.#write('info', event, fields)
  }

  warn(event: string, fields?: object): void {
    this.#write('warn', event, fields)
  }

  error(event: string, cause: unknown, fields?: object): void {
    this.#write('error', event, { ...fields, cause: errorName(cause) })
  }

  #write(level: Level, event: string, fields: object = {}): void {
    const line = JSON.stringify({ level, event, requestId: this.requestId, ...fields })
    if (level === 'error') console.error(line)
    else if (level === 'warn') console.warn(line)
    else console.log(line)
  }
}

/** Class and stable code of an error, without its message. */
export function errorName(cause: unknown): string {
  if (!(cause instanceof Error)) return typeof cause
  const code = 'code' in cause && typeof cause.code === 'string' ? `:${cause.code}` : ''
  return `${cause.name}${code}`
}
