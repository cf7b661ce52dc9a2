/** One thing wrong with the configuration: the variable and what to do about it. */
export interface SettingProblem {
  readonly setting: string
  readonly problem: string
  readonly fix: string
}

/** Collects every problem, so that an operator reads them all at once and not one per deployment. */
export class Problems {
  readonly found: SettingProblem[] = []

  add(setting: string, problem: string, fix: string): void {
    this.found.push({ setting, problem, fix })
  }
}

export function describeProblems(problems: readonly SettingProblem[]): string {
  return problems.map(({ setting, problem, fix }) => `${setting}: ${problem}. ${fix}.`).join('\n')
}
