/** An error with a message for the person. Entrada answers `application/problem+json`. */
export class Problem extends Error {
  constructor(status, body) {
    super(body.detail ?? body.title ?? `The server answered ${status}.`)
    this.status = status
    this.code = body.code ?? null
    this.consentUrl = sameOrigin(body.consentUrl)
    this.requestId = body.requestId ?? null
  }
}

export const userId = document.body.dataset.userId
export const throughEntrada = document.body.dataset.access === 'entrada'

/**
 * `fetch` that throws a `Problem` for an error response, and offers to sign in when the session has
 * ended.
 */
export async function call(path, init) {
  const response = await fetch(path, init)
  if (response.ok) return response
  throw await problemOf(response)
}

export async function problemOf(response) {
  const isProblem = response.headers.get('content-type')?.startsWith('application/problem+json')
  const body = isProblem ? await response.json().catch(() => ({})) : {}
  if (response.status === 401 && body.loginUrl) offerSignIn(body.loginUrl)
  return new Problem(response.status, body)
}

/** Iterates over a body's chunks; not every browser supports async iteration of streams. */
export async function* chunksOf(stream) {
  const reader = stream.getReader()
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value
  } finally {
    reader.cancel().catch(() => {})
  }
}

export function announce(text) {
  document.querySelector('#announcer').textContent = text
}

function offerSignIn(loginUrl) {
  const url = sameOrigin(loginUrl)
  if (url === null) return
  // The refused request was a `fetch`; after sign-in the person returns to this page, not to its
  // JSON.
  url.searchParams.set('return_to', location.pathname + location.search)
  document.querySelector('#sign-in').href = url.href
  document.querySelector('#signed-out').hidden = false
}

function sameOrigin(value) {
  if (typeof value !== 'string') return null
  const url = URL.parse(value, location.href)
  return url?.origin === location.origin ? url : null
}
