import { setTimeout as sleep } from 'node:timers/promises'

export type Readiness =
  | { readonly state: 'ready' }
  | { readonly state: 'misconfigured'; readonly report: string }
  | { readonly state: 'silent' }

const PATIENCE_MS = 15_000

/** Waits until Entrada itself answers, which is the one thing worth announcing. */
export async function readinessOf(origin: string): Promise<Readiness> {
  const deadline = Date.now() + PATIENCE_MS
  while (Date.now() < deadline) {
    const response = await fetch(`${origin}/.entrada/health`).catch(() => null)
    if (response !== null && response.status < 500) return { state: 'ready' }
    if (response?.headers.get('entrada-error') === 'misconfigured') {
      return { state: 'misconfigured', report: detailOf(await response.json()) }
    }
    await sleep(100)
  }
  return { state: 'silent' }
}

function detailOf(problem: unknown): string {
  const isNamed = typeof problem === 'object' && problem !== null && 'detail' in problem
  return isNamed && typeof problem.detail === 'string' ? problem.detail : ''
}
