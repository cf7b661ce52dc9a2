import { badRequest } from './graph-error.ts'

export type Literal = string | boolean | number | null

/** The subset of OData's `$filter` that directory collections and people support. */
export type FilterExpression =
  | {
      readonly kind: 'and' | 'or'
      readonly left: FilterExpression
      readonly right: FilterExpression
    }
  | { readonly kind: 'not'; readonly operand: FilterExpression }
  | { readonly kind: 'eq' | 'ne'; readonly property: string; readonly value: Literal }
  | { readonly kind: 'in'; readonly property: string; readonly values: readonly Literal[] }
  | { readonly kind: 'startswith' | 'endswith'; readonly property: string; readonly text: string }
  /** `groupTypes/any(c:c eq 'Unified')` */
  | { readonly kind: 'any'; readonly property: string; readonly value: Literal }

type Lexeme =
  | { readonly kind: 'literal'; readonly value: Literal }
  | { readonly kind: 'name'; readonly text: string }
  | { readonly kind: 'mark'; readonly text: string }

export function readFilterExpression(filter: string): FilterExpression {
  return new FilterReader(filter).read()
}

class FilterReader {
  readonly #filter: string
  readonly #lexemes: readonly Lexeme[]
  #at = 0

  constructor(filter: string) {
    this.#filter = filter
    this.#lexemes = lex(filter)
  }

  read(): FilterExpression {
    const expression = this.#or()
    if (this.#at < this.#lexemes.length) throw invalid(this.#filter)
    return expression
  }

  #or(): FilterExpression {
    let left = this.#and()
    while (this.#takeWord('or')) left = { kind: 'or', left, right: this.#and() }
    return left
  }

  #and(): FilterExpression {
    let left = this.#operand()
    while (this.#takeWord('and')) left = { kind: 'and', left, right: this.#operand() }
    return left
  }

  #operand(): FilterExpression {
    if (this.#takeWord('not')) return { kind: 'not', operand: this.#operand() }
    if (this.#takeMark('(')) {
      const inner = this.#or()
      this.#expectMark(')')
      return inner
    }
    const property = this.#name()
    if (!this.#takeMark('(')) return this.#comparison(property)
    const call = property.toLowerCase()
    if (call.endsWith('/any')) return this.#any(property.slice(0, -'/any'.length))
    if (call !== 'startswith' && call !== 'endswith') throw invalid(this.#filter)
    const subject = this.#name()
    this.#expectMark(',')
    const text = this.#literal()
    this.#expectMark(')')
    if (typeof text !== 'string') throw invalid(this.#filter)
    return { kind: call, property: subject, text }
  }

  #comparison(property: string): FilterExpression {
    const operator = this.#name().toLowerCase()
    if (operator === 'eq' || operator === 'ne') {
      return { kind: operator, property, value: this.#literal() }
    }
    if (operator !== 'in') throw invalid(this.#filter)
    this.#expectMark('(')
    const values = [this.#literal()]
    while (this.#takeMark(',')) values.push(this.#literal())
    this.#expectMark(')')
    return { kind: 'in', property, values }
  }

  #any(property: string): FilterExpression {
    const variable = this.#name()
    this.#expectMark(':')
    if (this.#name() !== variable || !this.#takeWord('eq')) throw invalid(this.#filter)
    const value = this.#literal()
    this.#expectMark(')')
    return { kind: 'any', property, value }
  }

  #name(): string {
    const lexeme = this.#lexemes[this.#at++]
    if (lexeme?.kind !== 'name') throw invalid(this.#filter)
    return lexeme.text
  }

  #literal(): Literal {
    const lexeme = this.#lexemes[this.#at++]
    if (lexeme?.kind !== 'literal') throw invalid(this.#filter)
    return lexeme.value
  }

  #takeWord(word: string): boolean {
    const lexeme = this.#lexemes[this.#at]
    const found = lexeme?.kind === 'name' && lexeme.text.toLowerCase() === word
    if (found) this.#at++
    return found
  }

  #takeMark(mark: string): boolean {
    const lexeme = this.#lexemes[this.#at]
    const found = lexeme?.kind === 'mark' && lexeme.text === mark
    if (found) this.#at++
    return found
  }

  #expectMark(mark: string): void {
    if (!this.#takeMark(mark)) throw invalid(this.#filter)
  }
}

const LEXEME =
  /\s*(?:'((?:[^']|'')*)'|(true|false|null)(?![\w/])|(-?\d+(?:\.\d+)?)|([A-Za-z_][\w/]*)|([(),:]))\s*/y

function lex(filter: string): readonly Lexeme[] {
  const lexemes: Lexeme[] = []
  const pattern = new RegExp(LEXEME)
  while (pattern.lastIndex < filter.length) {
    const found = pattern.exec(filter)
    if (found === null) throw invalid(filter)
    const [, text, constant, number, name, mark] = found
    const literal = (value: Literal) => lexemes.push({ kind: 'literal', value })
    if (text !== undefined) literal(text.replaceAll("''", "'"))
    else if (constant !== undefined) literal(CONSTANTS[constant] ?? null)
    else if (number !== undefined) literal(Number(number))
    else if (name !== undefined) lexemes.push({ kind: 'name', text: name })
    else if (mark !== undefined) lexemes.push({ kind: 'mark', text: mark })
  }
  return lexemes
}

const CONSTANTS: Readonly<Record<string, boolean>> = { true: true, false: false }

function invalid(filter: string) {
  return badRequest(`Invalid filter clause: ${filter}`)
}
