import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CAST } from '../sandbox/directory/cast.ts'
import { ADELE_FILES } from '../sandbox/drives/cast-files.ts'
import { secretsOf } from '../support/secrets.ts'
import { serveEntrada, type ServedEntrada } from '../support/workerd/served-entrada.ts'

let entrada: ServedEntrada
beforeAll(async () => {
  entrada = await serveEntrada()
})
afterAll(() => entrada.close())

test('a member signs in on the real runtime, and the chat receives the identity', async () => {
  const browser = entrada.browser()
  const page = await browser.signIn(CAST.adele.userPrincipalName, '/echo?from=link')
  expect(page.url.href).toBe(`${entrada.origin}/echo?from=link`)
  expect(page.text).toContain(CAST.adele.id)
})

test('a user signs in, finds a colleague, attaches a SharePoint file, chats and signs out', async () => {
  const { sandbox, origin } = entrada
  sandbox.entra.grantAdminConsent([
    'User.Read',
    'People.Read',
    'User.ReadBasic.All',
    'GroupMember.Read.All',
    'Files.Read.All',
  ])
  const browser = entrada.browser()
  const page = await browser.signIn(CAST.adele.userPrincipalName)
  expect(page.text).toContain('Hello, Adele')

  const found = await browser.fetch('/.entrada/people?q=megan')
  const { results, status } = await found.json<{ results: { name: string }[]; status: object }>()
  expect(results[0]?.name).toBe('Megan Bowen')
  expect(status).toMatchObject({ users: 'ok', groups: 'ok' })

  const drive = sandbox.drives.oneDriveOf(CAST.adele.id) ?? expect.unreachable()
  const item = sandbox.drives.at(drive, ADELE_FILES.recording) ?? expect.unreachable()
  const file = `/.entrada/files/${drive.id}/${item.id}`
  expect(await (await browser.fetch(file)).json()).toMatchObject({ size: 8 * 1024 * 1024 })
  const content = await browser.fetch(`${file}/content`)
  expect(content.status).toBe(200)
  expect(content.headers.get('content-disposition')).toContain('recording.mp4')
  const bytes = new Uint8Array(await content.arrayBuffer())
  const upload = await browser.fetch('/api/upload?name=recording.mp4', {
    method: 'POST',
    body: bytes,
  })
  const uploaded = await upload.json<{ id: string; bytes: number; sha256: string }>()
  expect(uploaded.bytes).toBe(8 * 1024 * 1024)
  expect(uploaded.sha256).toBe(createHash('sha256').update(bytes).digest('hex'))

  const reply = await browser.fetch('/api/chat', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ message: 'look', people: ['Megan Bowen'], attachments: [uploaded.id] }),
  })
  expect(reply.headers.get('content-type')).toBe('text/event-stream')
  const said = [...(await reply.text()).matchAll(/^event: word\ndata: \{"text":"(.*)"\}$/gm)]
  const words = said.map(([, word]) => word).join('')
  expect(words).toContain('recording.mp4 arrived complete')
  expect(words).toContain('no Entrada cookie and no Microsoft token')

  await browser.post('/.entrada/logout', {}, origin)
  const after = await browser.open(`${origin}/`)
  expect(after.url.origin).toBe(entrada.hosts.login)
})

test('a session outlives a deployment, because it is stored', async () => {
  const browser = entrada.browser()
  await browser.signIn(CAST.adele.userPrincipalName)
  await entrada.restart()
  const response = await browser.fetch('/.entrada/session')
  expect(await response.json()).toMatchObject({ user: { id: CAST.adele.id } })
})

test('storage and log contain no secret, address or name in clear text', async () => {
  const browser = entrada.browser()
  await browser.signIn(CAST.adele.userPrincipalName)
  await browser.fetch('/.entrada/people?q=megan')
  const { sandbox } = entrada
  const secrets = new Map(secretsOf({ sandbox, settings: {}, jars: [browser.cookies] }))
  const [contoso] = sandbox.tenants
  for (const { userPrincipalName, mail, displayName } of contoso?.people ?? []) {
    for (const one of [userPrincipalName, mail, displayName]) secrets.set(one ?? '', 'a person')
  }
  const stored = entrada.dump().toLowerCase()
  const written = `${stored}\n${entrada.logs.text.toLowerCase()}`
  expect(stored).toContain('refresh-token/')
  expect(entrada.logs.events().length).toBeGreaterThan(0)
  expect(secrets.has('Adele Vance')).toBe(true)
  const found = [...secrets].filter(
    ([secret]) => secret.length > 8 && written.includes(secret.toLowerCase()),
  )
  expect(found).toEqual([])
})
