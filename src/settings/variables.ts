import * as v from 'valibot'

export const LEAVE_OUT = 'Leave it out'

export const NEEDS_TOKENS = 'needs stored tokens, but OPENID_REUSE_TOKENS=false stores none'
export const STORE_TOKENS = 'Leave out OPENID_REUSE_TOKENS, or this setting'

const LOOPBACK_HOSTS: readonly string[] = ['localhost', '127.0.0.1', '[::1]']

/** Whether a URL is on this machine. */
export function isLoopback(url: URL): boolean {
  return LOOPBACK_HOSTS.includes(url.hostname)
}

/**
 * A placeholder of our documents: `<client id>`, `{tenant id}` or a GUID of zeros. It is a whole value, an entry of
 * a list or a segment of a path.
 */
const PLACEHOLDER =
  /(?<=^\s*|[/,]\s*)(?:<[\w :-]+>|\{\w+ [\w ]+\}|0{8}(?:-0{4}){3}-0{12})(?=\s*$|\s*[/,])/

/** Reads variables by name. A value that cannot be read becomes a problem, and a harmless value takes its place. */
export class Variables {
  readonly #values: Readonly<Record<string, unknown>>
  readonly #unreadable = new Set<string>()
  /** All problems, so that an operator sees them at once and not one per deployment. */
  readonly problems: SettingProblem[] = []
  /** Settings without effect or with a risk; Entrada serves nevertheless. */
  readonly warnings: string[] = []
  /** Every name that was read: the known settings. */
  readonly asked = new Set<string>()

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values
  }

  /** Names of all variables, settings or not. */
  get names(): readonly string[] {
    return Object.keys(this.#values)
  }

  /**
   * Reports a problem. The report prints `SETTING: problem. Fix.`
   * @param problem predicate of the setting, e.g. `is missing`
   * @param fix imperative, e.g. `Write one name`
   */
  problem(setting: string, problem: string, fix: string): void {
    this.problems.push({ setting, problem, fix })
  }

  /** Reports a problem unless the setting has one already: an unreadable value is not missing as well. */
  missing(setting: string, problem: string, fix: string): void {
    if (!this.#unreadable.has(setting)) this.problem(setting, problem, fix)
  }

  /** Reports an unreadable value once, although a setting may be read twice. */
  #cannotRead(name: string, problem: string, fix: string): null {
    this.missing(name, problem, fix)
    this.#unreadable.add(name)
    return null
  }

  /** Reads a trimmed text; a blank one counts as absent, as in LibreChat. */
  text(name: string): string | null {
    this.asked.add(name)
    const value = this.#values[name] ?? ''
    if (typeof value !== 'string') {
      return this.#cannotRead(name, 'is not text', 'Store it as text, in quotation marks')
    }
    const [placeholder] = PLACEHOLDER.exec(value) ?? []
    if (placeholder === undefined) return value.trim() || null
    return this.#cannotRead(
      name,
      `still holds the placeholder ${placeholder}`,
      'Write your own value there',
    )
  }

  /** Reads a text that must be there; the empty text stands for a missing one. */
  required(name: string, fix: string): string {
    const value = this.text(name)
    if (value === null) this.missing(name, 'is missing', fix)
    return value ?? ''
  }

  /** Reads `true` or `false`. */
  flag(name: string, fallback: boolean): boolean {
    return this.choice(name, ['true', 'false'], fallback ? 'true' : 'false') === 'true'
  }

  /** Reads a whole number within bounds, or a product such as `1000 * 60`, as LibreChat does. */
  number(name: string, fallback: number, [min, max]: readonly [number, number]): number {
    const value = this.text(name)
    if (value === null) return fallback
    const product = /^\d+(?:\s*\*\s*\d+)*$/.test(value)
      ? value.split('*').reduce((total, factor) => total * Number(factor), 1)
      : Number.NaN
    if (product >= min && product <= max) return product
    this.problem(
      name,
      `is not a whole number from ${min} to ${max}`,
      'Write a number in this range',
    )
    return fallback
  }

  /** Reads a list that is separated by commas, without empty entries. */
  list(name: string): readonly string[] {
    const parts = (this.text(name) ?? '').split(',').map((part) => part.trim())
    return parts.filter((part) => part !== '')
  }

  /**
   * Reads a list and reports every entry that `read` answers with `null`.
   * @param kind completes the problem: `holds “x”, which is not {kind}`
   */
  entries<T>(
    name: string,
    read: (entry: string) => T | null,
    kind: string,
    fix: string,
  ): readonly T[] {
    return this.list(name).flatMap((entry) => {
      const found = read(entry)
      if (found !== null) return [found]
      this.problem(name, `holds “${entry}”, which is not ${kind}`, fix)
      return []
    })
  }

  /** Reads a text that must match a pattern. */
  pattern(name: string, pattern: RegExp, problem: string, fix: string): string | null {
    const value = this.text(name)
    if (value !== null && !pattern.test(value)) this.problem(name, problem, fix)
    return value
  }

  /** Reads one of a few words, in upper or lower case. */
  choice<const T extends string>(name: string, choices: readonly T[], fallback: T): T {
    const value = this.text(name)?.toLowerCase()
    if (value === undefined) return fallback
    const found = choices.find((choice) => choice === value)
    if (found !== undefined) return found
    this.problem(name, `is not one of ${choices.join(', ')}`, 'Write one of these values')
    return fallback
  }

  /** Reads an absolute http(s) URL without credentials or fragment. Plain http is for loopback only. */
  url(name: string): URL | null {
    const value = this.text(name)
    if (value === null) return null
    const url = URL.parse(value)
    if (url === null || !/^https?:$/.test(url.protocol)) {
      this.problem(name, 'is not a web address', 'Begin it with https://')
    } else if (`${url.username}${url.password}${url.hash}` !== '') {
      this.problem(name, 'has credentials or a fragment', 'Remove that part')
    } else if (url.protocol === 'http:' && !isLoopback(url)) {
      this.problem(name, 'is plain http', `Use https; http is for ${LOOPBACK_HOSTS.join(', ')}`)
    } else return url
    return null
  }

  /** Reads a URL to which paths are appended, so it has no query. */
  baseUrl(name: string): URL | null {
    const url = this.url(name)
    if (url === null || url.search === '') return url
    this.problem(name, 'has a query', 'Remove the query')
    return null
  }

  /** Reads JSON of a schema; `undefined` when it is absent or does not match. */
  json<T>(name: string, schema: v.GenericSchema<unknown, T>, fix: string): T | undefined {
    const value = this.text(name)
    if (value === null) return undefined
    const { success, output, issues } = v.safeParse(
      v.pipe(v.string(), v.parseJson(), schema),
      value,
    )
    if (success) return output
    for (const issue of issues) this.problem(name, describe(issue), fix)
    return undefined
  }
}

/** Names the place and the rule. The parser's own messages quote the value, which may be a secret. */
function describe(issue: v.BaseIssue<unknown>): string {
  if (issue.type === 'parse_json') return 'is not valid JSON'
  const place = issue.path?.map(({ key }) => String(key)).join('.') ?? 'the value'
  const rule = issue.type === 'check' ? issue.message : 'does not have the expected form'
  return `${place} ${rule}`
}

/** One problem of the configuration: the setting, what is wrong and what to do. */
export interface SettingProblem {
  readonly setting: string
  readonly problem: string
  readonly fix: string
}

/** Writes the configuration report: one line per problem, then one per warning. */
export function describeProblems(
  problems: readonly SettingProblem[],
  warnings: readonly string[] = [],
): string {
  const wrong = problems.map(
    ({ setting, problem, fix }) => `${setting}: ${sentence(problem)} ${sentence(fix)}`,
  )
  return [...wrong, ...warnings.map((warning) => `Warning: ${sentence(warning)}`)].join('\n')
}

/** Ends a text with a full stop unless it has a mark already. */
function sentence(text: string): string {
  return /[.?!]$/.test(text) ? text : `${text}.`
}
