/** Messages that a page in this frame could send if SharePoint were not SharePoint. None may be believed. */
export function postForgeries({ channelId }) {
  const host = window.opener ?? window.parent
  const item = {
    id: '../../../me',
    parentReference: { driveId: 'b!forged/../..' },
    '@sharePoint.endpoint': 'https://evil.example',
  }
  const forgeries = [
    { type: 'initialize', channelId: crypto.randomUUID() },
    { type: 'initialize', channelId },
    { type: 'initialize' },
    { type: 'command', id: '1', data: { command: 'pick', items: [item] } },
    { type: 'result', id: '1', data: { result: 'token', token: 'forged' } },
    { type: 'entrada:picked', channel: channelId, items: [{ driveId: 'b!forged', id: 'forged' }] },
    null,
    'initialize',
    { __proto__: null, type: { toString: () => 'initialize' }.type },
  ]
  for (const target of new Set([host, window.top])) {
    for (const forgery of forgeries) target.postMessage(forgery, '*')
    target.postMessage({ type: 'initialize', channelId: `${channelId} ` }, '*', [
      new MessageChannel().port2,
    ])
  }
  new BroadcastChannel('entrada-picker').postMessage({
    type: 'entrada:picked',
    channel: channelId,
    items: [],
  })
}

/** Resources that are not this tenant's SharePoint. Whatever token comes back is a leak, and is counted. */
export async function askForForeignTokens(connection, origins) {
  const resources = [
    'https://graph.microsoft.com',
    'https://evil.example',
    'http://127.0.0.1:1',
    `${origins.oneDrive}.evil.example`,
    `${origins.oneDrive}@evil.example`,
    `${origins.here}/sites/Marketing/../..`,
    'javascript:alert(1)',
    '',
    null,
    { toString: 'https://evil.example' },
  ]
  let leaks = 0
  for (const resource of resources) {
    const answer = await connection
      .command({ command: 'authenticate', resource, type: 'SharePoint' })
      .catch(() => null)
    if (answer?.result === 'token') leaks += 1
  }
  document.body.dataset.leaks = String(leaks)
}

/** What goes along with an honest choice: items that lack what is guaranteed, or lie. */
export function withMalformed(items) {
  return [
    ...items,
    {},
    null,
    { id: 'no-drive' },
    { id: '../../../me/messages', parentReference: { driveId: 'b!../../..' } },
    { id: { toString: null }, parentReference: { driveId: ['b!x'] } },
    { id: '01<script>alert(1)</script>', parentReference: { driveId: 'b!"onload="alert(1)' } },
  ]
}
