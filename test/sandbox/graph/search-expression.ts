import { badRequest, GraphError } from './graph-error.ts'

/**
 * Parses `$search` of directory collections: `"property:text"` clauses with AND, OR and
 * parentheses.
 */
export type SearchExpression =
  | { readonly kind: 'clause'; readonly property: string; readonly text: string }
  | {
      readonly kind: 'and' | 'or'
      readonly left: SearchExpression
      readonly right: SearchExpression
    }

type Lexeme =
  | { readonly kind: 'phrase'; readonly text: string }
  | { readonly kind: 'and' | 'or' | 'open' | 'close' }

export function readSearchExpression(search: string): SearchExpression {
  refuseAmpersand(search)
  const lexemes = lex(search)
  let at = 0
  const or = (): SearchExpression => {
    let left = and()
    while (lexemes[at]?.kind === 'or') {
      at++
      left = { kind: 'or', left, right: and() }
    }
    return left
  }
  const and = (): SearchExpression => {
    let left = operand()
    for (;;) {
      const next = lexemes[at]?.kind
      if (next === 'and') at++
      else if (next !== 'phrase' && next !== 'open') return left
      left = { kind: 'and', left, right: operand() }
    }
  }
  const operand = (): SearchExpression => {
    const lexeme = lexemes[at++]
    if (lexeme?.kind === 'phrase') return clause(lexeme.text)
    if (lexeme?.kind !== 'open') throw badRequest(`Expression expected in '${search}'.`)
    const inner = or()
    if (lexemes[at++]?.kind !== 'close') throw badRequest(`')' expected in '${search}'.`)
    return inner
  }
  const expression = or()
  if (at < lexemes.length) throw badRequest(`Syntax error in '${search}'.`)
  return expression
}

/** Reads one quoted phrase, or one bare word of letters and digits. */
export function readSearchPhrase(search: string): string {
  if (search.startsWith('"')) {
    const [phrase, ...rest] = lex(search)
    if (phrase?.kind === 'phrase' && rest.length === 0) return phrase.text
    throw badRequest(`Syntax error in '${search}'.`)
  }
  const strange = /[^\p{L}\p{M}\p{N}]/u.exec(search)
  if (strange !== null) throw invalidCharacter(search, strange.index)
  return search
}

/**
 * A defect that Microsoft documents: in a search v1.0 decodes `%26` too early and reads the rest as
 * another query option. microsoft-graph-docs-contrib#1081
 */
function refuseAmpersand(search: string): void {
  const ampersand = search.indexOf('&')
  if (ampersand < 0) return
  const argument = /^[^=]*/.exec(search.slice(ampersand + 1))?.[0] ?? ''
  throw new GraphError(
    400,
    'Request_BadRequest',
    `Unrecognized query argument specified: '${argument}'.`,
  )
}

function clause(phrase: string): SearchExpression {
  const colon = phrase.indexOf(':')
  const property = phrase.slice(0, colon).trim()
  const text = phrase.slice(colon + 1).trim()
  if (colon < 1 || property === '' || text === '') {
    throw badRequest(`A search clause must be "<property>:<text>", found "${phrase}".`)
  }
  return { kind: 'clause', property, text }
}

function lex(search: string): readonly Lexeme[] {
  const lexemes: Lexeme[] = []
  let at = 0
  while (at < search.length) {
    const rest = search.slice(at)
    const word = /^(?:AND|OR)(?![^\s("])/.exec(rest)?.[0]
    if (/^\s/.test(rest)) {
      at++
    } else if (rest.startsWith('"')) {
      const { text, length } = phraseAt(search, at)
      lexemes.push({ kind: 'phrase', text })
      at += length
    } else if (rest.startsWith('(') || rest.startsWith(')')) {
      lexemes.push({ kind: rest.startsWith('(') ? 'open' : 'close' })
      at++
    } else if (word !== undefined) {
      lexemes.push({ kind: word === 'AND' ? 'and' : 'or' })
      at += word.length
    } else {
      throw invalidCharacter(search, at)
    }
  }
  return lexemes
}

/** Inside quotes a backslash escapes only a quote or itself. */
function phraseAt(
  search: string,
  start: number,
): { readonly text: string; readonly length: number } {
  let text = ''
  for (let at = start + 1; at < search.length; at++) {
    const char = search.charAt(at)
    if (char === '"') return { text, length: at + 1 - start }
    if (char !== '\\') {
      text += char
      continue
    }
    const escaped = search.charAt(++at)
    if (escaped !== '"' && escaped !== '\\') {
      throw badRequest(`Invalid escape sequence '\\${escaped}' at position ${at} in '${search}'.`)
    }
    text += escaped
  }
  throw badRequest(
    `Syntax error: There is an unterminated string literal at position ${search.length} in '${search}'.`,
  )
}

function invalidCharacter(search: string, at: number): GraphError {
  return badRequest(
    `Syntax error: character '${search.charAt(at)}' is not valid at position ${at} in '${search}'.`,
  )
}
