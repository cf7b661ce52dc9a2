/** One thing wrong with the configuration: the variable and what to do about it. */
export interface SettingProblem {
  readonly setting: string
  readonly problem: string
  readonly fix: string
}

export function describeProblems(problems: readonly SettingProblem[]): string {
  return problems.map(({ setting, problem, fix }) => `${setting}: ${problem}. ${fix}.`).join('\n')
}
