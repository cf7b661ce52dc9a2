export type LogEvent = Readonly<Record<string, unknown>>

/** Everything the Worker wrote to the console while a test ran. */
export class Logs {
  readonly #lines: string[] = []

  record(values: readonly unknown[]): void {
    this.#lines.push(values.map(asText).join(' '))
  }

  clear(): void {
    this.#lines.length = 0
  }

  get text(): string {
    return this.#lines.join('\n')
  }

  /** Lines that are JSON objects, in order; `named` picks those of one event. */
  events(named?: string): readonly LogEvent[] {
    const events = this.#lines.flatMap(readEvent)
    return named === undefined ? events : events.filter((event) => event['event'] === named)
  }

  /** Replaces the console's methods; returns what puts them back. */
  capture(): () => void {
    const methods = ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const
    const originals = methods.map((method) => [method, console[method]] as const)
    for (const method of methods) console[method] = (...values: unknown[]) => this.record(values)
    return () => {
      for (const [method, original] of originals) console[method] = original
    }
  }
}

function asText(value: unknown): string {
  if (typeof value === 'string') return value
  if (value instanceof Error) return `${value.stack ?? value.message} ${asText(value.cause ?? '')}`
  return JSON.stringify(value) ?? String(value)
}

/** The event, when there is exactly one. */
function readEvent(line: string): readonly LogEvent[] {
  if (!line.startsWith('{')) return []
  const parsed: unknown = JSON.parse(line)
  return typeof parsed === 'object' && parsed !== null ? [{ ...parsed }] : []
}
