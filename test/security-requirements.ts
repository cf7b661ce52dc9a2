import { readdirSync, readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readCitations, type Citation } from './security-requirements/read-citations.ts'

/*
 * Writes `docs/security-requirements.md`: every security requirement with the tests that prove it.
 * The requirements stand in `test/security-requirements/requirements.md`; the proof is read from the titles of
 * the tests. `npm run security-requirements` writes the page; with `--check` it only tells whether it is current.
 */
const ROOT = join(import.meta.dirname, '..')
const SOURCE = 'test/security-requirements/requirements.md'
const PAGE = 'docs/security-requirements.md'

export interface Requirement {
  readonly number: number
  readonly section: string
  readonly text: string
}

export interface Proof extends Citation {
  /** From the root, with slashes. */
  readonly file: string
}

/** The requirements in the order in which they stand. */
export function readRequirements(): readonly Requirement[] {
  const source = readFileSync(join(ROOT, SOURCE), 'utf8')
  return source.split(/^## /m).flatMap((part) => {
    const [section = '', ...lines] = part.split('\n')
    return [...lines.join('\n').matchAll(/^(\d+)\. (.+(?:\n {3,}.+)*)/gm)].map(
      ([, number, text = '']) => ({
        number: Number(number),
        section,
        text: text.replaceAll(/\s+/g, ' '),
      }),
    )
  })
}

/** What the tests cite, by file and in the order of the source. */
export function readProofs(): readonly Proof[] {
  return readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.ts'))
    .map((path) => `test/${path}`)
    .sort()
    .flatMap((file) =>
      readCitations(readFileSync(join(ROOT, file), 'utf8')).map((citation) => ({
        ...citation,
        file,
      })),
    )
}

/** The page as it should be. */
export function securityRequirementsPage(): string {
  const proofs = readProofs()
  const requirements = readRequirements()
  const sections = [...new Set(requirements.map(({ section }) => section))].map((section) => {
    const entries = requirements
      .filter((one) => one.section === section)
      .map(({ number, text }) => {
        const own = proofs.filter(({ requirement }) => requirement === number)
        return `**${number}.** ${text}\n\n${proofLines(own)}`
      })
    return `## ${section}\n\n${entries.join('\n\n')}`
  })
  return `# Security requirements

<!-- Written by \`npm run security-requirements\` from ${SOURCE} and the titles of the tests. -->

What Entrada promises about security, and the tests that prove each promise. A test names the requirements it
proves by number in its title. \`%s\` and \`…\` in a title stand for values that the test fills in.

${sections.join('\n\n')}
`
}

/** One line for each file, with the titles below. */
function proofLines(proofs: readonly Proof[]): string {
  return [...new Set(proofs.map(({ file }) => file))]
    .map((file) => {
      const titles = new Set(proofs.filter((one) => one.file === file).map(({ title }) => title))
      const lines = [...titles].map((title) => `  - ${title.replaceAll(/[<*_[\]\\]/g, '\\$&')}`)
      return `- [\`${file}\`](../${file})\n${lines.join('\n')}`
    })
    .join('\n')
}

/** Whether the page is as the tests make it now. */
export async function isCurrent(): Promise<boolean> {
  const current = await readFile(join(ROOT, PAGE), 'utf8').catch(() => '')
  return current === securityRequirementsPage()
}

if (import.meta.main) {
  if (!process.argv.includes('--check')) {
    await writeFile(join(ROOT, PAGE), securityRequirementsPage())
  } else if (!(await isCurrent())) {
    console.error(`${PAGE} is not current: npm run security-requirements`)
    process.exitCode = 1
  }
}
