import { describe, expect, test } from 'vitest'
import { MICROSOFT_HOSTS } from '../../sandbox/hosts.ts'
import { HOSTILE_IDS, HOSTILE_REDIRECTS, HOSTILE_RESOURCES } from './hostile-fixture.ts'
import { aFilesScene, contentPathOf, fileOf, pathOf, type FilesScene } from './fixture.ts'
import { problemOf } from '../../support/scene.ts'

const PATIENT = { RATE_LIMITS: '{"download":{"perMinute":9999},"picker":{"perMinute":9999}}' }

/** Every origin that got a request since the journal was cleared, existing or not. */
function asked({ entrada }: FilesScene): ReadonlySet<string> {
  return new Set(entrada.sandbox.journal.all.map(({ url }) => url.origin))
}

test('the lists of hostile input are as long as the requirement demands [requirement 89]', () => {
  expect(HOSTILE_REDIRECTS.length + HOSTILE_IDS.length).toBeGreaterThanOrEqual(120)
  expect(HOSTILE_RESOURCES.length).toBeGreaterThanOrEqual(110)
})

describe('hostile ids', () => {
  test('are refused as drive id and as item id, without a request to any host [requirement 89]', async () => {
    const scene = await aFilesScene({ settings: PATIENT })
    const { driveId, id } = fileOf(scene, 'report')
    scene.entrada.sandbox.journal.clear()
    for (const hostile of HOSTILE_IDS) {
      for (const path of [`${hostile}/${id}`, `${driveId}/${hostile}`]) {
        for (const tail of ['', '/content', '/content?format=pdf']) {
          const response = await scene.browser.fetch(`/.entrada/files/${path}${tail}`)
          await response.body?.cancel()
          expect([400, 404], path).toContain(response.status)
        }
      }
    }
    expect([...asked(scene)]).toEqual([])
  })

  test('in an archive are refused without a request to any host', async () => {
    const scene = await aFilesScene({ settings: PATIENT })
    const { driveId, id } = fileOf(scene, 'report')
    scene.entrada.sandbox.journal.clear()
    for (const text of HOSTILE_IDS) {
      const hostile = decodeURIComponentSafely(text)
      for (const item of [
        { driveId: hostile, id },
        { driveId, id: hostile },
      ]) {
        const response = await scene.browser.fetch('/.entrada/files/archive', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ items: [{ driveId, id }, item] }),
        })
        expect(response.status, hostile).toBe(400)
        expect(await problemOf(response)).toMatchObject({ code: 'invalid_request' })
      }
    }
    expect([...asked(scene)]).toEqual([])
  })
})

describe('hostile redirects', () => {
  test('from Graph are not followed, and no other host gets a request [requirement 89]', async () => {
    let location = ''
    const scene = await aFilesScene({
      settings: PATIENT,
      hosts: {
        [MICROSOFT_HOSTS.graph]: (request) =>
          new URL(request.url).pathname.endsWith('/content')
            ? answerWith(location)
            : scene.entrada.sandbox.fetch(request),
      },
    })
    const path = contentPathOf(fileOf(scene, 'report'))
    await withToken(scene)
    scene.entrada.sandbox.journal.clear()
    for (location of HOSTILE_REDIRECTS) {
      const response = await scene.browser.fetch(path)
      expect(response.status, location).toBe(502)
      expect(await problemOf(response), location).toMatchObject({ code: 'download_host_refused' })
    }
    expect([...asked(scene)]).toEqual([MICROSOFT_HOSTS.graph])
  })

  test('from the download host are not followed [requirement 89]', async () => {
    let location = ''
    const scene = await aFilesScene({
      settings: PATIENT,
      hosts: { [MICROSOFT_HOSTS.download]: () => answerWith(location) },
    })
    const path = contentPathOf(fileOf(scene, 'report'))
    // Relative URLs stay on the download host, which is allowed.
    const leading = HOSTILE_REDIRECTS.filter(
      (one) => URL.parse(one, MICROSOFT_HOSTS.download)?.origin !== MICROSOFT_HOSTS.download,
    )
    expect(leading.length).toBeGreaterThan(85)
    await withToken(scene)
    scene.entrada.sandbox.journal.clear()
    for (location of leading) {
      const response = await scene.browser.fetch(path)
      expect(response.status, location).toBe(502)
      await response.body?.cancel()
    }
    expect([...asked(scene)]).toEqual([MICROSOFT_HOSTS.graph])
  })

  test.each(['https://contoso.sharepoint.com', 'https://x.svc.ms', 'https://a-b.files.1drv.com'])(
    'do not include Microsoft’s own host %s',
    async (origin) => {
      const scene = await aFilesScene({
        hosts: {
          [MICROSOFT_HOSTS.graph]: (request) =>
            new URL(request.url).pathname.endsWith('/content')
              ? answerWith(`${origin}/file?tempauth=x`)
              : scene.entrada.sandbox.fetch(request),
          [origin]: () => new Response('here', { headers: { 'content-length': '4' } }),
        },
      })
      const response = await scene.browser.fetch(contentPathOf(fileOf(scene, 'text')))
      expect(await response.text()).toBe('here')
    },
  )
})

describe('hostile resources', () => {
  test('get no token, and Entra gets no request [requirement 89] [requirement 90]', async () => {
    const scene = await aFilesScene({ settings: PATIENT })
    const { journal, accessTokens } = scene.entrada.sandbox
    await scene.browser.open('/.entrada/picker?channel=channel-1')
    journal.clear()
    const minted = accessTokens.minted.length
    for (const resource of HOSTILE_RESOURCES) {
      const response = await scene.browser.fetch('/.entrada/picker/token', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ resource }),
      })
      expect([400, 403], JSON.stringify(resource)).toContain(response.status)
      expect(await response.text()).not.toContain('sandbox-access')
    }
    expect(accessTokens.minted).toHaveLength(minted)
    expect(journal.to('login')).toEqual([])
    expect([...asked(scene)].filter((origin) => origin !== MICROSOFT_HOSTS.graph)).toEqual([])
  })
})

/** Gets Graph's token before the test counts requests. */
async function withToken(scene: FilesScene): Promise<void> {
  const response = await scene.browser.fetch(pathOf(fileOf(scene, 'report')))
  expect(response.status).toBe(200)
}

/** The platform itself refuses some headers, so they cannot arrive. */
function answerWith(location: string): Response {
  const headers = new Headers()
  try {
    headers.set('location', location)
  } catch {
    headers.set('location', encodeURI(location.replaceAll(/[\r\n]/g, '')))
  }
  return new Response(null, { status: 302, headers })
}

function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
