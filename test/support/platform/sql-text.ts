/** One statement of a script and how many `?` it binds. */
export interface SqlStatement {
  readonly text: string
  readonly parameters: number
}

/** Literals, quoted names and comments, in which neither `;` nor `?` means anything. */
const OPAQUE = /'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?\*\//y

/** Splits a script as SQLite would, without triggers, whose bodies hold semicolons of their own. */
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
