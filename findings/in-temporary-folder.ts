import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'

/** An empty folder for one finding, in which its packages are installed. */
export interface Workplace {
  readonly folder: string
  /** Copies a file of the finding into the folder. */
  add(path: string): void
  /** Runs a program in the folder and returns what it prints. */
  run(program: string, ...parameters: readonly string[]): string
}

/** Gives a finding a folder of its own and removes it afterwards. */
export function inTemporaryFolder<Result>(use: (workplace: Workplace) => Result): Result {
  const folder = mkdtempSync(join(tmpdir(), 'finding-'))
  try {
    writeFileSync(join(folder, 'package.json'), '{ "type": "module", "private": true }')
    return use({
      folder,
      add: (path) => copyFileSync(path, join(folder, basename(path))),
      run: (program, ...parameters) =>
        execFileSync(program, parameters, {
          cwd: folder,
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'inherit'],
          timeout: 300_000,
        }),
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Installs npm packages, each with its exact version and without its scripts. */
export function installFromNpm({ run }: Workplace, packages: readonly string[]): void {
  run('npm', 'install', '--save-exact', '--ignore-scripts', '--no-audit', '--no-fund', ...packages)
}

/** Prints what was seen; the process fails if that is not what was seen when the finding was written. */
export function report(title: string, seen: string, expected: string): void {
  console.log(`${title}\n\n${seen.trim()}\n`)
  if (seen.trim() === expected.trim()) {
    console.log('As described in findings/README.md.')
  } else {
    console.error(`THIS HAS CHANGED. It was:\n\n${expected.trim()}`)
    process.exitCode = 1
  }
}
