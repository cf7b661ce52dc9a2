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
