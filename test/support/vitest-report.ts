import { readFileSync } from 'node:fs'
import * as v from 'valibot'

export interface VitestReport {
  readonly passed: number
  readonly failed: number
  /** Each failed test by file and name, with the first line of its message. */
  readonly failures: readonly string[]
  /** Errors outside of tests, such as a file that does not load. */
  readonly problems: readonly string[]
}

const Report = v.object({
  numPassedTests: v.number(),
  numFailedTests: v.number(),
  numPendingTests: v.number(),
  numTodoTests: v.number(),
  testResults: v.array(
    v.object({
      name: v.string(),
      status: v.string(),
      assertionResults: v.array(
        v.object({
          status: v.string(),
          fullName: v.string(),
          failureMessages: v.nullish(v.array(v.string()), []),
        }),
      ),
    }),
  ),
})

/** Reads the file of vitest's JSON reporter; a run that left none has failed as a whole. */
export function readVitestReport(path: string): VitestReport {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    return { passed: 0, failed: 0, failures: [], problems: ['vitest ended without a report'] }
  }
  const report = v.parse(v.pipe(v.string(), v.parseJson(), Report), text)
  const unread = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  )
  const left = report.numPendingTests + report.numTodoTests
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests,
    failures: report.testResults.flatMap(({ name, assertionResults }) =>
      assertionResults
        .filter(({ status }) => status === 'failed')
        .map(
          ({ fullName, failureMessages }) =>
            `${name}: ${fullName}\n         ${failureMessages[0]?.split('\n')[0] ?? 'no message'}`,
        ),
    ),
    problems: [
      ...unread.map(({ name }) => `${name} could not be run`),
      ...(left > 0 ? [`${left} tests were skipped: fix them or take them out`] : []),
    ],
  }
}
