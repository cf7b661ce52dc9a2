/** One statement of a script and its number of `?` parameters. */
export interface SqlStatement {
  readonly text: string
  readonly parameters: number
}

/** Literals, quoted names and comments, where `;` and `?` have no special meaning. */
const OPAQUE = /'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?\*\//y

/** Splits a script as SQLite would. Does not support triggers, whose bodies contain semicolons. */
export function readSqlScript(script: string): readonly SqlStatement[] {
  const statements: SqlStatement[] = []
  let text = ''
  let meaningful = false
  let parameters = 0
  const finish = () => {
    if (meaningful) statements.push({ text, parameters })
    text = ''
    meaningful = false
    parameters = 0
  }
  for (let index = 0; index < script.length;) {
    OPAQUE.lastIndex = index
    const opaque = OPAQUE.exec(script)?.[0] ?? null
    const part = opaque ?? script.charAt(index)
    index += part.length
    if (part === ';') {
      finish()
      continue
    }
    text += part
    if (part === '?') parameters += 1
    if (!/^(?:\s|--|\/\*)/.test(part)) meaningful = true
  }
  finish()
  return statements
}
