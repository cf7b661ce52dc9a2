import { parseAst } from 'vitest/node'

/** The word that stands before the number of a security requirement in a test's title: `[requirement 59]`. */
export const MARKER = 'requirement'

/** One place in the tests that proves a requirement. */
export interface Citation {
  readonly requirement: number
  /** Titles from the outermost `describe` down, without markers, as they stand in the source. */
  readonly title: string
}

/** Anything that looks like a marker, well-formed or not. */
const ANY_MARKER = new RegExp(`\\[${MARKER}\\b[^\\]]*\\]?`, 'g')
const WELL_FORMED = new RegExp(`^\\[${MARKER} ([1-9][0-9]*)\\]$`)

/** Stands for a part of a title that is computed. */
const COMPUTED = '…'

type Node = Readonly<Record<string, unknown>>

/**
 * Reads the citations of one test file from its syntax tree. The tests are not run, so the result is the same
 * on a machine without a browser. Titles may be strings, templates or concatenations, and may stand in a table
 * for `test.each`.
 * @throws Error where a marker is not one literal number: it would cite nothing and nobody would notice
 */
export function readCitations(source: string): readonly Citation[] {
  const citations: Citation[] = []
  collect(parseAst(source, { lang: 'ts' }), [], citations)
  return citations
}

function collect(value: unknown, path: readonly string[], citations: Citation[]): void {
  if (Array.isArray(value)) {
    for (const item of value) collect(item, path, citations)
  } else if (isNode(value)) {
    const text = textOf(value)
    if (text !== null) return cite(text, path, citations)
    const title = titleOf(value)
    if (title === null) return collect(Object.values(value), path, citations)
    // The rows of a table come before the title in the source, and belong to it.
    const inside = [...path, title]
    cite(title, path, citations)
    collect(value['callee'], inside, citations)
    collect(argumentsOf(value).slice(1), inside, citations)
  }
}

function cite(text: string, path: readonly string[], citations: Citation[]): void {
  for (const [marker] of text.matchAll(ANY_MARKER)) {
    const [, number] = WELL_FORMED.exec(marker) ?? []
    if (number === undefined) throw new Error(`Not a marker with one number: ${marker} in ${text}`)
    const title = [...path, text].map(withoutMarkers).join(' › ')
    citations.push({ requirement: Number(number), title })
  }
}

function withoutMarkers(text: string): string {
  return text.replaceAll(ANY_MARKER, '').replaceAll(/\s+/g, ' ').trim()
}

/** The title of `test(…)`, `describe(…)` and their forms such as `test.each(…)(…)`; `null` for other calls. */
function titleOf(node: Node): string | null {
  if (node['type'] !== 'CallExpression' || !isTestFunction(node['callee'])) return null
  const [first] = argumentsOf(node)
  return isNode(first) ? textOf(first) : null
}

function isTestFunction(callee: unknown): boolean {
  if (!isNode(callee)) return false
  switch (callee['type']) {
    case 'Identifier':
      return callee['name'] === 'test' || callee['name'] === 'it' || callee['name'] === 'describe'
    case 'MemberExpression':
      return isTestFunction(callee['object'])
    case 'CallExpression':
      return isTestFunction(callee['callee'])
    case 'TaggedTemplateExpression':
      return isTestFunction(callee['tag'])
    default:
      return false
  }
}

/** The text of a string, a template or a concatenation of them; `null` for anything else. */
function textOf(node: Node): string | null {
  switch (node['type']) {
    case 'Literal':
      return typeof node['value'] === 'string' ? node['value'] : null
    case 'TemplateLiteral':
      return nodesOf(node['quasis'])
        .map(({ value }) => (isNode(value) ? String(value['cooked']) : ''))
        .join(COMPUTED)
    case 'BinaryExpression': {
      const sides = [node['left'], node['right']].map((side) =>
        isNode(side) ? textOf(side) : null,
      )
      if (node['operator'] !== '+' || sides.every((side) => side === null)) return null
      return sides.map((side) => side ?? COMPUTED).join('')
    }
    default:
      return null
  }
}

function argumentsOf(node: Node): readonly unknown[] {
  return Array.isArray(node['arguments']) ? node['arguments'] : []
}

function nodesOf(value: unknown): readonly Node[] {
  return Array.isArray(value) ? value.filter(isNode) : []
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
