import * as v from 'valibot'

export const LEAVE_OUT = 'Leave it out'

export const NEEDS_TOKENS = 'needs the tokens that OPENID_REUSE_TOKENS=false does not keep'
export const KEEP_TOKENS = 'Leave OPENID_REUSE_TOKENS out, or this'

const LOOPBACK_HOSTS: readonly string[] = ['localhost', '127.0.0.1', '[::1]']

export function isLoopback(url: URL): boolean {
  return LOOPBACK_HOSTS.includes(url.hostname)
}

/**
 * What our own documents write where something of the operator's belongs: `<client id>`, `{tenant id}`, a GUID of
 * zeros. It is a whole value, an entry of a list or a step of a path.
 */
const PLACEHOLDER =
  /(?<=^\s*|[/,]\s*)(?:<[\w :-]+>|\{\w+ [\w ]+\}|0{8}(?:-0{4}){3}-0{12})(?=\s*$|\s*[/,])/

/** Reads variables by name; what cannot be read becomes a problem and a harmless value in its place. */
export class Variables {
  readonly #values: Readonly<Record<string, unknown>>
  readonly #unreadable = new Set<string>()
  /** Collected, so that an operator reads them all at once and not one per deployment. */
  readonly problems: SettingProblem[] = []
  /** Worth saying, not worth refusing to serve. */
  readonly warnings: string[] = []
  /** Every name that was asked for: the settings there are. */
  readonly asked = new Set<string>()

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values
  }

  get names(): readonly string[] {
    return Object.keys(this.#values)
  }

  problem(setting: string, problem: string, fix: string): void {
    this.problems.push({ setting, problem, fix })
  }

  /** What has been found wrong already needs no second line that says it is missing. */
  missing(setting: string, problem: string, fix: string): void {
    if (!this.#unreadable.has(setting)) this.problem(setting, problem, fix)
  }

  /** A setting may be asked for twice and is reported once. */
  #cannotRead(name: string, problem: string, fix: string): null {
    this.missing(name, problem, fix)
    this.#unreadable.add(name)
    return null
  }

  /** Trimmed; blank counts as absent, as in LibreChat. */
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
      'Put your own there',
    )
  }

  required(name: string, fix: string): string {
    const value = this.text(name)
    if (value === null) this.missing(name, 'is missing', fix)
    return value ?? ''
  }

  flag(name: string, fallback: boolean): boolean {
    return this.choice(name, ['true', 'false'], fallback ? 'true' : 'false') === 'true'
  }

  /** A whole number within bounds; LibreChat's arithmetic such as `1000 * 60` is understood too. */
  number(name: string, fallback: number, [min, max]: readonly [number, number]): number {
    const value = this.text(name)
    if (value === null) return fallback
    const product = /^\d+(?:\s*\*\s*\d+)*$/.test(value)
      ? value.split('*').reduce((total, factor) => total * Number(factor), 1)
      : Number.NaN
    if (product >= min && product <= max) return product
    this.problem(name, 'is not a whole number within bounds', `Write one from ${min} to ${max}`)
    return fallback
  }

  list(name: string): readonly string[] {
    const parts = (this.text(name) ?? '').split(',').map((part) => part.trim())
    return parts.filter((part) => part !== '')
  }

  /** A list whose entries are of one kind; `read` says `null` to those that are not. */
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

  /** A text that is written in one way only. */
  pattern(name: string, pattern: RegExp, problem: string, fix: string): string | null {
    const value = this.text(name)
    if (value !== null && !pattern.test(value)) this.problem(name, problem, fix)
    return value
  }

  /** One of a few words, in any case. */
  choice<const T extends string>(name: string, choices: readonly T[], fallback: T): T {
    const value = this.text(name)?.toLowerCase()
    if (value === undefined) return fallback
    const found = choices.find((choice) => choice === value)
    if (found !== undefined) return found
    this.problem(name, `is not one of ${choices.join(', ')}`, 'Write one of them')
    return fallback
  }

  /** An absolute http(s) URL without credentials or fragment. Plain http is for loopback alone. */
  url(name: string): URL | null {
    const value = this.text(name)
    if (value === null) return null
    const url = URL.parse(value)
    if (url === null || !/^https?:$/.test(url.protocol)) {
      this.problem(name, 'is not a web address', 'Begin it with https://')
    } else if (`${url.username}${url.password}${url.hash}` !== '') {
      this.problem(name, 'carries credentials or a fragment', LEAVE_OUT)
    } else if (url.protocol === 'http:' && !isLoopback(url)) {
      this.problem(name, 'is plain http', `Use https; http is for ${LOOPBACK_HOSTS.join(', ')}`)
    } else return url
    return null
  }

  /** One to which paths are added. */
  baseUrl(name: string): URL | null {
    const url = this.url(name)
    if (url === null || url.search === '') return url
    this.problem(name, 'carries a query', LEAVE_OUT)
    return null
  }

  /** `undefined` when it is absent or is not what it should be. */
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

/** Names the place and the rule; the parser's own messages quote the value, which may be a secret. */
function describe(issue: v.BaseIssue<unknown>): string {
  if (issue.type === 'parse_json') return 'is not valid JSON'
  const place = issue.path?.map(({ key }) => String(key)).join('.') ?? 'all of it'
  const rule = issue.type === 'check' ? issue.message : 'does not have the form it should'
  return `${place} ${rule}`
}

/** One thing wrong with the configuration: the variable and what to do about it. */
export interface SettingProblem {
  readonly setting: string
  readonly problem: string
  readonly fix: string
}

/** What keeps it from serving, and what is worth saying beside that: one line each. */
export function describeProblems(
  problems: readonly SettingProblem[],
  warnings: readonly string[] = [],
): string {
  const wrong = problems.map(
    ({ setting, problem, fix }) => `${setting}: ${sentence(problem)} ${sentence(fix)}`,
  )
  return [...wrong, ...warnings.map((warning) => `Warning: ${sentence(warning)}`)].join('\n')
}

/** A question has its mark already. */
function sentence(text: string): string {
  return /[.?!]$/.test(text) ? text : `${text}.`
}
