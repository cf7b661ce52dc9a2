import { readPickedItems, record, text, type PickedItem } from './picked-items.ts'
import type { Problem, TokenAnswer, TokenRequest } from './token-client.ts'

/** What the conversation needs from the page. */
export interface ConversationDeps {
  readonly maxFiles: number
  readonly maxFileBytes: number
  token(request: TokenRequest): Promise<TokenAnswer>
  /** Called when a host gets no token and the person can do something about it. */
  onRefused(problem: Problem): void
  onPicked(items: readonly PickedItem[]): void
  onClosed(): void
}

type Result =
  | { readonly result: 'success' }
  | { readonly result: 'token'; readonly token: string }
  | {
      readonly result: 'error'
      readonly error: { readonly code: string; readonly message: string }
    }

/**
 * Speaks the protocol of File Picker v8 over its port: acknowledges each command at once and sends its result later.
 * Ignores other messages. An unknown command gets the result `unsupportedCommand`, as the protocol demands.
 */
export function converse(port: MessagePort, deps: ConversationDeps): void {
  port.addEventListener('message', (event) => {
    const { type, id, data } = record(event.data)
    if (type !== 'command' || typeof id !== 'string') return
    port.postMessage({ type: 'acknowledge', id })
    void run(record(data), deps).then((result) =>
      port.postMessage({ type: 'result', id, data: result }),
    )
  })
  port.start()
  port.postMessage({ type: 'activate' })
}

async function run(
  command: Readonly<Record<string, unknown>>,
  deps: ConversationDeps,
): Promise<Result> {
  switch (command['command']) {
    case 'authenticate':
      return authenticate(command, deps)
    case 'pick':
      return pick(command['items'], deps)
    case 'close':
      // After the result is sent, because `onClosed` closes the port.
      setTimeout(deps.onClosed)
      return { result: 'success' }
    default:
      return errorResult('unsupportedCommand', 'This command is not supported.')
  }
}

/** Each host needs its own token: another host's fails with AudienceUriValidationFailedException (OneDrive/samples#11). */
async function authenticate(
  { resource, type, claimsChallenge, expiration }: Readonly<Record<string, unknown>>,
  { token, onRefused }: ConversationDeps,
): Promise<Result> {
  if (
    typeof resource !== 'string' ||
    (typeof type === 'string' && !type.startsWith('SharePoint'))
  ) {
    return errorResult('unableToObtainToken', 'Only SharePoint tokens are available.')
  }
  const { claims } = record(claimsChallenge)
  const isRefused = claimsChallenge !== undefined || expiration !== undefined
  const answer = await token({
    resource,
    renew: isRefused || undefined,
    claims: text(claims),
  })
  if (answer.ok) return { result: 'token', token: answer.token }
  if (answer.problem.remedyUrl !== undefined) onRefused(answer.problem)
  return errorResult('unableToObtainToken', answer.problem.title)
}

function pick(value: unknown, { maxFiles, maxFileBytes, onPicked }: ConversationDeps): Result {
  const items = readPickedItems(value)
  if (items.length === 0) {
    return errorResult('unusableItem', 'None of these files can be used here.')
  }
  if (items.length > maxFiles) {
    return errorResult('unusableItem', `Choose at most ${maxFiles} files at once.`)
  }
  const tooLarge = items.find(({ size = 0 }) => size > maxFileBytes)
  if (tooLarge !== undefined) {
    const limit = Math.floor(maxFileBytes / 1_048_576)
    return errorResult(
      'unusableItem',
      `${tooLarge.name ?? 'A file'} is larger than the limit of ${limit} MiB.`,
    )
  }
  setTimeout(onPicked, 0, items)
  return { result: 'success' }
}

function errorResult(code: string, message: string): Result {
  return { result: 'error', error: { code, message } }
}
