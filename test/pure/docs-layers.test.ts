import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { LAYERS } from '../../oxlint.config.ts'

const ROOT = join(import.meta.dirname, '../..')
const PAGE = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8')

/** Lines such as `- *basics* are `failure.ts`, `log.ts``, which may go on in the next line. */
const GROUPS = new Map(
  Array.from(
    PAGE.matchAll(/^- \*([a-z ]+)\* are ((?:`[\w.]+`,?\s*)+)$/gm),
    ([, name = '', names = '']) => [name, namesIn(names)] as const,
  ),
)

function namesIn(text: string): readonly string[] {
  return Array.from(text.matchAll(/`([\w.]+)`/g), ([, name = '']) => name)
}

/** Names in a cell, with each group in place of its name; throws for a word that is neither. */
function expand(cell: string): readonly string[] {
  if (cell === '–') return []
  return cell.split(', ').flatMap((item) => {
    const group = /^\*([a-z ]+)\*$/.exec(item)?.[1]
    const names = group === undefined ? namesIn(item) : GROUPS.get(group)
    if (names === undefined || names.length === 0) throw new Error(`Not a layer: ${item}`)
    return names
  })
}

function section(heading: string): string {
  return PAGE.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
}

describe('docs/architecture.md', () => {
  test('shows the layers as the linter enforces them', () => {
    const rows = section('Layers').matchAll(/^\| ([`*][^|]+) \| ([^|]+) \| ([^|]+) \|$/gm)
    const shown = Array.from(rows).flatMap(([, layers = '', values = '', types = '']) =>
      expand(layers).map(
        (layer) => [layer, [expand(values).toSorted(), expand(types).toSorted()]] as const,
      ),
    )
    const enforced = Object.entries(LAYERS).map(
      ([layer, { values, types = [] }]) => [layer, [values.toSorted(), types.toSorted()]] as const,
    )
    expect(shown.length).toBe(Object.keys(LAYERS).length)
    expect(Object.fromEntries(shown)).toEqual(Object.fromEntries(enforced))
  })

  test('describes every folder of src, and no other', () => {
    const described = Array.from(
      section('Folders').matchAll(/^\| `(\w+)` \|/gm),
      ([, name = '']) => name,
    )
    const folders = readdirSync(join(ROOT, 'src'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
    expect(described.toSorted()).toEqual(folders.toSorted())
  })
})
