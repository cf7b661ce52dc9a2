/** Fields of an event. Flat and few: what is not a field cannot leak. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>

export interface Log {
  readonly requestId: string
  /** Something an auditor asks about later: who, what, with which result. */
  audit(event: string, fields?: LogFields): void
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  /** `cause` is reduced to its class: messages of libraries quote what they were given. */
  error(event: string, cause: unknown, fields?: LogFields): void
}

type Level = 'audit' | 'info' | 'warn' | 'error'

/** One JSON object a line, whatever the values hold; Workers Logs indexes its fields. */
export function createLog(requestId: string): Log {
  const write = (level: Level, event: string, fields: LogFields = {}) => {
    const line = JSON.stringify({ level, event, requestId, ...fields })
    if (level === 'error') console.error(line)
    else if (level === 'warn') console.warn(line)
    else console.log(line)
  }
  return {
    requestId,
    audit: (event, fields) => write('audit', event, fields),
    info: (event, fields) => write('info', event, fields),
    warn: (event, fields) => write('warn', event, fields),
    error: (event, cause, fields) => write('error', event, { ...fields, cause: nameOf(cause) }),
  }
}

/** Class and stable code of an error, never its message. */
export function nameOf(cause: unknown): string {
  if (!(cause instanceof Error)) return typeof cause
  const code = 'code' in cause && typeof cause.code === 'string' ? `:${cause.code}` : ''
  return `${cause.name}${code}`
}
