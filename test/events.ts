import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EVENTS } from '../src/events.ts'

/*
 * Writes `docs/events.md` from the table of events in `src/events.ts`. `npm run events` writes the page; with
 * `--check` it only tells whether it is current.
 */
const ROOT = join(import.meta.dirname, '..')
const PAGE = 'docs/events.md'

/** The page as it should be. */
export function eventsPage(): string {
  const rows = Object.entries(EVENTS).map(([name, { level, fields, when, act }]) => {
    const names = fields.map((field) => `\`${field}\``).join(', ')
    return `| \`${name}\` | ${level} | ${names} | ${when} | ${act} |`
  })
  return `# Events in the log

<!-- Written by \`npm run events\` from src/events.ts. -->

The Worker writes one JSON object per line. Every line has \`level\`, \`event\` and \`requestId\`, and at level
\`error\` also \`cause\`, the class of the error. All lines of one request have the same \`requestId\`, which its
error page and its problem show, those of the session's Durable Object included. Requests that wait for the same
answer of Microsoft share one line, under the id of the first. A check of a session while a WebSocket is open has
an id of its own.

| Level | Means |
|---|---|
| \`audit\` | what an auditor asks for later: who, what, with which result |
| \`info\` | a request that was refused as it should be |
| \`warn\` | something to improve; nothing fails |
| \`error\` | something failed that should not |

No line contains a token, code, cookie, secret, name, e-mail address, query or file name. \`userId\` and
\`tenantId\` are Entra’s object id and tenant id, \`sessionId\` is the session’s public handle, and \`aadsts\` and
\`correlationId\` are the numbers by which Microsoft’s sign-in log is searched.

| Event | Level | Fields | When | Who acts |
|---|---|---|---|---|
${rows.join('\n')}
`
}

/** Whether the page is as the table makes it now. */
export async function isCurrent(): Promise<boolean> {
  return (await readFile(join(ROOT, PAGE), 'utf8').catch(() => '')) === eventsPage()
}

if (import.meta.main) {
  if (!process.argv.includes('--check')) {
    await writeFile(join(ROOT, PAGE), eventsPage())
  } else if (!(await isCurrent())) {
    console.error(`${PAGE} is not current: npm run events`)
    process.exitCode = 1
  }
}
