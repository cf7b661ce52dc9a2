import type { Problems } from './problems.ts'

const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]'])

export function isLoopback(url: URL): boolean {
  return LOOPBACK_HOSTS.has(url.hostname)
}

/** Reads variables by name; what cannot be read becomes a problem and a harmless value in its place. */
export class Variables {
  readonly #values: Readonly<Record<string, unknown>>
  readonly #problems: Problems

  constructor(values: Readonly<Record<string, unknown>>, problems: Problems) {
    this.#values = values
    this.#problems = problems
  }

  /** Trimmed; blank counts as absent, as in LibreChat. */
  text(name: string): string | null {
    const value = this.#values[name]
    if (value === undefined || value === null) return null
    if (typeof value !== 'string') {
      this.#problems.add(name, 'is not text', 'Set it as a variable or secret, not as JSON')
      return null
    }
    return value.trim() === '' ? null : value.trim()
  }

  required(name: string, fix: string): string {
    const value = this.text(name)
    if (value === null) this.#problems.add(name, 'is missing', fix)
    return value ?? ''
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.text(name)?.toLowerCase()
    if (value === undefined) return fallback
    if (value === 'true' || value === 'false') return value === 'true'
    this.#problems.add(name, 'is neither true nor false', 'Write true or false')
    return fallback
  }

  /** A whole number within bounds; LibreChat's arithmetic such as `1000 * 60` is understood too. */
  number(
    name: string,
    fallback: number,
    bounds: { readonly min: number; readonly max: number },
  ): number {
    const value = this.text(name)
    if (value === null) return fallback
    const factors = value.split('*').map((factor) => factor.trim())
    const product = factors.every((factor) => /^\d+$/.test(factor))
      ? factors.reduce((total, factor) => total * Number(factor), 1)
      : Number.NaN
    if (product >= bounds.min && product <= bounds.max) return product
    this.#problems.add(
      name,
      'is not a whole number within its bounds',
      `Write a number from ${bounds.min} to ${bounds.max}`,
    )
    return fallback
  }

  list(name: string): readonly string[] {
    const value = this.text(name)
    if (value === null) return []
    return value.split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()]))
  }

  choice<T extends string>(name: string, choices: readonly T[], fallback: T): T {
    const value = this.text(name)
    if (value === null) return fallback
    const found = choices.find((choice) => choice === value)
    if (found !== undefined) return found
    this.#problems.add(name, 'is not one of its values', `Write one of: ${choices.join(', ')}`)
    return fallback
  }

  /** An absolute http(s) URL without credentials or fragment. Plain http is for loopback alone. */
  url(name: string): URL | null {
    const value = this.text(name)
    if (value === null) return null
    const url = URL.canParse(value) ? new URL(value) : null
    if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
      this.#problems.add(name, 'is not a web address', 'Write it with https:// in front')
      return null
    }
    if (url.username !== '' || url.password !== '' || url.hash !== '') {
      this.#problems.add(name, 'carries credentials or a fragment', 'Leave both out')
      return null
    }
    if (url.protocol === 'http:' && !isLoopback(url)) {
      this.#problems.add(
        name,
        'is plain http on a public host',
        'Use https; plain http is accepted for localhost, 127.0.0.1 and [::1] only',
      )
      return null
    }
    return url
  }

  json(name: string): unknown {
    const value = this.text(name)
    if (value === null) return undefined
    try {
      return JSON.parse(value)
    } catch {
      // The parser's message would quote the value, which may be a secret.
      this.#problems.add(name, 'is not valid JSON', 'Check quotes, commas and brackets')
      return undefined
    }
  }

  get names(): readonly string[] {
    return Object.keys(this.#values)
  }

  problem(name: string, problem: string, fix: string): void {
    this.#problems.add(name, problem, fix)
  }
}
