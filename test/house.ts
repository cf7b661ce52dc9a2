import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { LAYERS } from '../oxlint.config.ts'

/*
 * `npm run house`: how large, how connected and how documented `src` is. Exits with 1 when a number that
 * CONTRIBUTING.md promises does not hold.
 */
const SRC = join(import.meta.dirname, '..', 'src')
/** A shorter file needs a second importer: otherwise it belongs into the file that imports it. */
const SHORT_LINES = 60
const MOST_SHORT = 15
const MOST_LINES = 250

interface SourceFile {
  readonly path: string
  readonly lines: number
  readonly imports: readonly Import[]
  /** Exported names that no doc comment describes. */
  readonly undocumented: readonly string[]
}

interface Import {
  readonly path: string
  readonly names: readonly string[]
  readonly isTypeOnly: boolean
}

const files = globSync('**/*.ts', { cwd: SRC })
  .filter((path) => !path.endsWith('.d.ts') && !path.startsWith('browser/generated/'))
  .sort()
  .map(readSource)
const importers = new Map(files.map(({ path }) => [path, importersOf(path)]))

const lengths = files.map(({ lines }) => lines).sort((a, b) => a - b)
const longest = files.filter(({ lines }) => lines > MOST_LINES)
const against = files.flatMap((file) => file.imports.flatMap((one) => againstDirection(file, one)))
const circles = cycles()
const undocumented = files.flatMap(undocumentedSeams)
const short = files.filter(
  ({ path, lines }) => lines < SHORT_LINES && importers.get(path)?.length === 1,
)

report('files', files.length)
report('folders', new Set(files.map(({ path }) => dirname(path))).size)
report('lines, median', lengths[Math.floor(lengths.length / 2)] ?? 0)
report('lines, longest', lengths.at(-1) ?? 0)
report(`files over ${MOST_LINES} lines`, longest.length, 0, longest.map(nameOf))
report('imports against the direction', against.length, 0, against)
report('cycles, types included', circles.length, 0, circles)
report('exports used by another folder without a doc comment', undocumented.length, 0, undocumented)
report(
  `files under ${SHORT_LINES} lines with one importer`,
  short.length,
  MOST_SHORT,
  short.map(({ path, lines }) => `${path} (${lines}) ← ${importers.get(path)?.[0] ?? ''}`),
)

function report(what: string, value: number, most = Infinity, details: readonly string[] = []) {
  const verdict = value > most ? `  (at most ${most})` : ''
  console.log(`${what.padEnd(56)} ${String(value).padStart(5)}${verdict}`)
  if (value > most || process.argv.includes('--details')) {
    for (const line of details) console.log(`    ${line}`)
  }
  if (value > most) process.exitCode = 1
}

function readSource(path: string): SourceFile {
  const text = readFileSync(join(SRC, path), 'utf8')
  return {
    path,
    lines: text.split('\n').length - 1,
    imports: importsIn(path, text),
    undocumented: undocumentedIn(text),
  }
}

/** Reads the import statements as the formatter writes them. */
function importsIn(path: string, text: string): readonly Import[] {
  const statements = text.matchAll(
    /^(?:import|export) (type )?(?:\{([^}]*)\}|[^'{]*?) ?(?:from )?'(\.[^']+)'/gm,
  )
  return Array.from(statements, ([, isType, list = '', target = '']) => {
    const names = list.split(',').flatMap((name) => name.trim() || [])
    return {
      path: normalize(join(dirname(path), target)),
      names: names.map((name) => name.replace(/^type /, '').replace(/ as .*/, '')),
      isTypeOnly:
        isType !== undefined ||
        (names.length > 0 && names.every((name) => name.startsWith('type '))),
    }
  })
}

function undocumentedIn(text: string): readonly string[] {
  const lines = text.split('\n')
  return lines.flatMap((line, index) => {
    const [, name] =
      /^export (?:default )?(?:abstract )?(?:async )?(?:class|function|const|interface|type) (\w+)/.exec(
        line,
      ) ?? []
    return name === undefined || lines[index - 1]?.trim().endsWith('*/') === true ? [] : [name]
  })
}

function importersOf(path: string): readonly string[] {
  return files.filter(({ imports }) => imports.some((one) => one.path === path)).map(nameOf)
}

function nameOf({ path }: SourceFile): string {
  return path
}

/** The layer of a file: its folder, or its own name directly below `src`. */
function layerOf(path: string): string {
  return path.split('/')[0] ?? path
}

function againstDirection(
  { path }: SourceFile,
  { path: target, isTypeOnly }: Import,
): readonly string[] {
  const from = layerOf(path)
  const to = layerOf(target)
  if (from === to) return []
  const { values = [], types = [] } = LAYERS[from] ?? {}
  const isAllowed = values.includes(to) || (isTypeOnly && types.includes(to))
  return isAllowed ? [] : [`${path} → ${target}`]
}

/** Each group of files that import each other in a circle, by Tarjan's strongly connected components. */
function cycles(): readonly string[] {
  const byPath = new Map(files.map((file) => [file.path, file]))
  const found = new Map<string, { index: number; low: number; isOpen: boolean }>()
  const stack: string[] = []
  const components: string[] = []
  const visit = (path: string) => {
    const mark = { index: found.size, low: found.size, isOpen: true }
    found.set(path, mark)
    stack.push(path)
    for (const { path: next } of byPath.get(path)?.imports ?? []) {
      if (!byPath.has(next)) continue
      const known = found.get(next)
      if (known === undefined) mark.low = Math.min(mark.low, visit(next).low)
      else if (known.isOpen) mark.low = Math.min(mark.low, known.index)
    }
    if (mark.low === mark.index) {
      const members = stack.splice(stack.indexOf(path))
      for (const member of members) {
        const one = found.get(member)
        if (one !== undefined) one.isOpen = false
      }
      if (members.length > 1) components.push(members.join(', '))
    }
    return mark
  }
  for (const { path } of files) if (!found.has(path)) visit(path)
  return components
}

/** Exports that another folder imports and that no doc comment describes. */
function undocumentedSeams({ path, undocumented: names }: SourceFile): readonly string[] {
  const seams = files
    .filter((file) => layerOf(file.path) !== layerOf(path))
    .flatMap(({ imports }) =>
      imports.filter((one) => one.path === path).flatMap((one) => one.names),
    )
  return names.filter((name) => seams.includes(name)).map((name) => `${path} ${name}`)
}
