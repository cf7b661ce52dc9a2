import type { JournalEntry } from '../journal.ts'

/** One request as the control page shows it. */
export interface RequestLine {
  readonly host: string
  readonly method: string
  readonly path: string
  /** Names with values where a value can be no secret, otherwise the name alone. */
  readonly query: string
  readonly form: string
}

const SHOWN = 120

const STATIC = /^\/(assets|_layouts\/15\/picker)\//

/** Parameters whose values are plain questions. Everything else may be a code, a token or a hint. */
const PLAIN = new Set([
  '$select',
  '$search',
  '$filter',
  '$top',
  '$count',
  '$orderby',
  '$expand',
  '$skip',
  'grant_type',
  'response_type',
  'response_mode',
  'prompt',
  'scope',
  'format',
  'q',
  'n',
  'ms',
  'bytes',
  'name',
])

/** The latest first. What the control page itself asks for is left out, and so are style sheets. */
export function requestLines(entries: readonly JournalEntry[]): readonly RequestLine[] {
  const lines: RequestLine[] = []
  for (const entry of entries.toReversed()) {
    const line = requestLine(entry)
    if (line !== null) lines.push(line)
    if (lines.length === SHOWN) break
  }
  return lines
}

export function requestLine(entry: JournalEntry): RequestLine | null {
  if (entry.host === 'control' || STATIC.test(entry.url.pathname)) return null
  return {
    host: entry.host,
    method: entry.method,
    path: entry.url.pathname,
    query: withoutSecrets(entry.url.searchParams),
    form: withoutSecrets(entry.form),
  }
}

function withoutSecrets(parameters: URLSearchParams): string {
  return [...parameters]
    .map(([name, value]) => (PLAIN.has(name) ? `${name}=${value}` : `${name}=…`))
    .join('  ')
}
