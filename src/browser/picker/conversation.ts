import { readPickedItems, record, text, type PickedItem } from './picked-items.ts'
import type { Problem, TokenAnswer, TokenRequest } from './token-client.ts'

export interface ConversationDeps {
  readonly maxFiles: number
  readonly maxFileBytes: number
  token(request: TokenRequest): Promise<TokenAnswer>
  /** There is no token for a place in the picker, and something the person can do about it. */
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
 * File Picker v8 over its port: each command is acknowledged at once and answered when done. What is not a
 * command of the protocol is ignored; a command that is not known is refused by name, as the protocol wants.
 */
export function converse(port: MessagePort, deps: ConversationDeps): void {
  port.addEventListener('message', (event) => {
    const { type, id, data } = record(event.data)
    if (type !== 'command' || typeof id !== 'string') return
    port.postMessage({ type: 'acknowledge', id })
    void answer(record(data), deps).then((result) =>
      port.postMessage({ type: 'result', id, data: result }),
    )
  })
  port.start()
  port.postMessage({ type: 'activate' })
}

async function answer(
  command: Readonly<Record<string, unknown>>,
  deps: ConversationDeps,
): Promise<Result> {
  switch (command['command']) {
    case 'authenticate':
      return authenticate(command, deps)
    case 'pick':
      return pick(command['items'], deps)
    case 'close':
      // After the answer has gone out: closing takes the port along.
      setTimeout(deps.onClosed)
      return { result: 'success' }
    default:
      return refusal('unsupportedCommand', 'That is not done here.')
  }
}

/** Each host gets its own token: one for all ends in AudienceUriValidationFailedException (OneDrive/samples#11). */
async function authenticate(
  { resource, type, claimsChallenge, expiration }: Readonly<Record<string, unknown>>,
  { token, onRefused }: ConversationDeps,
): Promise<Result> {
  if (
    typeof resource !== 'string' ||
    (typeof type === 'string' && !type.startsWith('SharePoint'))
  ) {
    return refusal('unableToObtainToken', 'Tokens are for SharePoint only.')
  }
  const { claims } = record(claimsChallenge)
  const isRefused = claimsChallenge !== undefined || expiration !== undefined
  const answered = await token({
    resource,
    renew: isRefused || undefined,
    claims: text(claims),
  })
  if (answered.ok) return { result: 'token', token: answered.token }
  if (answered.problem.remedyUrl !== undefined) onRefused(answered.problem)
  return refusal('unableToObtainToken', answered.problem.title)
}

function pick(value: unknown, { maxFiles, maxFileBytes, onPicked }: ConversationDeps): Result {
  const items = readPickedItems(value)
  if (items.length === 0) return refusal('unusableItem', 'None of these can be used here.')
  if (items.length > maxFiles) {
    return refusal('unusableItem', `No more than ${maxFiles} files at once, please.`)
  }
  const tooLarge = items.find(({ size = 0 }) => size > maxFileBytes)
  if (tooLarge !== undefined) {
    const limit = Math.floor(maxFileBytes / 1_048_576)
    return refusal('unusableItem', `${tooLarge.name ?? 'A file'} is larger than ${limit} MiB.`)
  }
  setTimeout(onPicked, 0, items)
  return { result: 'success' }
}

function refusal(code: string, message: string): Result {
  return { result: 'error', error: { code, message } }
}
