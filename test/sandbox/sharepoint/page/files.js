/** SharePoint's file API on both hosts, each with the token that the app hands over for it. */
export function createFiles(connection) {
  const tokens = new Map()

  async function tokenFor(origin, reason = {}) {
    if (!tokens.has(origin)) tokens.set(origin, authenticate(origin, reason))
    try {
      return await tokens.get(origin)
    } catch (error) {
      tokens.delete(origin)
      throw error
    }
  }

  async function authenticate(resource, reason) {
    const answer = await connection.command({
      command: 'authenticate',
      resource,
      type: 'SharePoint',
      ...reason,
    })
    if (answer?.result === 'token' && typeof answer.token === 'string') return answer.token
    const why = answer?.error?.message ?? 'The app gave no reason.'
    throw new Error(`There is no access to ${new URL(resource).host}. ${why}`)
  }

  async function get(origin, path) {
    const refused = await tokenFor(origin)
    const first = await send(origin, path, refused)
    if (first.status !== 401) return read(first)
    const { error_description: error = '' } = await first.json()
    const claims = claimsIn(first.headers.get('www-authenticate') ?? '')
    if (claims === null && !/expired/i.test(error)) {
      throw new Error(`${new URL(origin).host} refused the token: ${error}`)
    }
    tokens.delete(origin)
    const reason =
      claims === null
        ? { expiration: { error } }
        : { claimsChallenge: { claims, token: refused, error } }
    return read(await send(origin, path, await tokenFor(origin, reason)))
  }

  return {
    myFiles: (origin) => get(origin, '/me/drive/root/children'),
    recent: (origin) => get(origin, '/me/drive/recent'),
    sites: (origin) => get(origin, '/sites'),
    library: (origin, driveId) =>
      get(origin, `/drives/${encodeURIComponent(driveId)}/root/children`),
    folder: (origin, driveId, itemId) =>
      get(
        origin,
        `/drives/${encodeURIComponent(driveId)}/items/${encodeURIComponent(itemId)}/children`,
      ),
  }
}

/** What a challenge asks for, as JSON; `null` without a challenge. */
function claimsIn(challenge) {
  const [, encoded] = /error="insufficient_claims".*claims="([^"]+)"/.exec(challenge) ?? []
  return encoded === undefined ? null : atob(encoded)
}

function send(origin, path, token) {
  return fetch(`${origin}/_api/v2.0${path}`, { headers: { authorization: `Bearer ${token}` } })
}

async function read(response) {
  const body = await response.json()
  if (response.ok) return body.value
  throw new Error(
    body.error?.message ?? body.error_description ?? `SharePoint answered ${response.status}.`,
  )
}
