import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/*
 * Scripts that run in the browser are written in TypeScript like everything else and kept in the tree as
 * text, so that the Worker, the tests and `npm start` all serve the same bytes without a build step.
 * `npm run page-scripts` writes them anew; with `--check` it only tells whether they are current.
 */
const SCRIPTS = [
  {
    name: 'PICKER_SCRIPT',
    source: 'src/browser/picker/picker.ts',
    output: 'src/browser/generated/picker.ts',
    format: 'esm',
    says: 'The picker page’s script.',
  },
  {
    name: 'PAGE_SCRIPT',
    source: 'src/browser/session-guard/session-guard.ts',
    output: 'src/browser/generated/session-guard.ts',
    // A classic script in somebody else's page: its names must not be the page's.
    format: 'iife',
    says: 'The script in the chat’s pages.',
  },
  {
    name: 'WORKER_SCRIPT',
    source: 'src/browser/service-worker/worker-guard.ts',
    output: 'src/browser/generated/worker-guard.ts',
    format: 'iife',
    says: 'The lines in the chat’s service workers.',
  },
  {
    name: 'RENEWED_SCRIPT',
    source: 'src/browser/session-guard/renewed.ts',
    output: 'src/browser/generated/renewed.ts',
    format: 'esm',
    says: 'The script of the page that signing in again ends on.',
  },
] as const

type PageScript = (typeof SCRIPTS)[number]

/** The module that holds a script, as it should be. */
async function moduleFor({ name, source, format, says }: PageScript): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [pathOf(source)],
    bundle: true,
    format,
    target: 'es2022',
    minify: true,
    charset: 'ascii',
    legalComments: 'none',
    write: false,
  })
  const text = JSON.stringify(outputFiles[0]?.text.trim() ?? '')
  return `/** ${says} Written by \`npm run page-scripts\` from ${source}. */\nexport const ${name} =\n  ${text}\n`
}

/** Outputs that are not what their sources make of them now. */
export async function outdatedScripts(): Promise<readonly string[]> {
  const outdated: string[] = []
  for (const script of SCRIPTS) {
    const current = await readFile(pathOf(script.output), 'utf8').catch(() => '')
    if (current !== (await moduleFor(script))) outdated.push(script.output)
  }
  return outdated
}

async function writeScripts(): Promise<void> {
  for (const script of SCRIPTS) await writeFile(pathOf(script.output), await moduleFor(script))
}

function pathOf(name: string): string {
  return fileURLToPath(new URL(`../${name}`, import.meta.url))
}

if (import.meta.main) {
  if (process.argv.includes('--check')) {
    const outdated = await outdatedScripts()
    for (const output of outdated) console.error(`${output} is not current: npm run page-scripts`)
    process.exitCode = outdated.length === 0 ? 0 : 1
  } else {
    await writeScripts()
  }
}
