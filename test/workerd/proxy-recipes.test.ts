import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { CAST } from '../sandbox/directory/cast.ts'
import { aProxyScene, portOf, type ProxyScene } from './proxy-fixture.ts'

type PersonOf = (headers: Headers) => Promise<{ readonly id: unknown; readonly email: unknown }>

const ROOT = join(import.meta.dirname, '..', '..')

let scene: ProxyScene
let received = new Headers()
const files: string[] = []

beforeAll(async () => {
  scene = await aProxyScene((request, response) => {
    received = new Headers(request.headers as Record<string, string>)
    response.end('hello')
  })
})
afterAll(async () => {
  for (const file of files) rmSync(file)
  await scene.close()
})

/** The recipes of docs/assertion.md that Node can run, with this test's addresses. */
function recipes(): readonly string[] {
  const page = readFileSync(join(ROOT, 'docs', 'assertion.md'), 'utf8')
  return [...page.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code = '']) => code)
}

interface Elsewhere {
  readonly issuer?: string
  readonly audience?: string
}

/** @param elsewhere replacements that a reader would write for another installation */
async function load(code: string, elsewhere: Elsewhere = {}): Promise<PersonOf> {
  // In this folder, so that package imports resolve.
  const file = join(ROOT, 'node_modules', `.recipe-${process.pid}-${files.length}.mjs`)
  const chat = `http://127.0.0.1:${portOf(scene.chat)}`
  writeFileSync(
    file,
    code
      .replaceAll('https://chat.example.com/', `${scene.entrada.origin}/`)
      .replaceAll('https://chat.example.com', elsewhere.issuer ?? scene.entrada.origin)
      .replaceAll('https://chat-internal.example.com', elsewhere.audience ?? chat),
  )
  files.push(file)
  const { personOf } = (await import(pathToFileURL(file).href)) as { readonly personOf: PersonOf }
  return personOf
}

test('docs/assertion.md shows two recipes that Node can run', () => {
  expect(recipes()).toHaveLength(2)
})

test.each([0, 1])(
  'recipe %i of docs/assertion.md identifies the person and rejects forged assertions',
  async (index) => {
    const personOf = await load(recipes()[index] ?? '')
    await scene.request('/')
    expect(await personOf(received)).toMatchObject({
      id: CAST.adele.id,
      email: 'adele.vance@contoso.example',
    })
    const assertion = received.get('entrada-assertion') ?? ''
    const [head = '', body = '', signature = ''] = assertion.split('.')
    const claims: Record<string, unknown> = JSON.parse(Buffer.from(body, 'base64url').toString())
    const forged = Buffer.from(JSON.stringify({ ...claims, sub: 'somebody' })).toString('base64url')
    const unsigned = Buffer.from('{"alg":"none"}').toString('base64url')
    for (const lie of [
      '',
      'x',
      `${head}.${forged}.${signature}`,
      `${unsigned}.${body}.`,
      `${head}.${body}.`,
    ]) {
      await expect(personOf(new Headers({ 'entrada-assertion': lie }))).rejects.toThrow()
    }
  },
)

test.each([0, 1])('recipe %i tolerates a clock 5 seconds ahead, and no more', async (index) => {
  const personOf = await load(recipes()[index] ?? '')
  await scene.request('/')
  const { exp = 0 } = decodeJwt(received.get('entrada-assertion') ?? '')
  try {
    vi.useFakeTimers({ toFake: ['Date'], now: (exp + 4) * 1000 })
    await expect(personOf(received)).resolves.toMatchObject({ id: CAST.adele.id })
    vi.setSystemTime((exp + 6) * 1000)
    await expect(personOf(received)).rejects.toThrow()
  } finally {
    vi.useRealTimers()
  }
})

test('the other recipes have the same clock tolerance, and Python sends a User-Agent', () => {
  const page = readFileSync(join(ROOT, 'docs', 'assertion.md'), 'utf8')
  const [python = '', go = '', cSharp = ''] = ['python', 'go', 'csharp'].map(
    (language) => page.split(`\`\`\`${language}\n`)[1]?.split('```')[0],
  )
  expect(python).toMatch(/headers=\{"User-Agent": "[^"]+"\}/)
  expect(python).toContain('leeway=5')
  expect(go).toContain('jwt.WithLeeway(5*time.Second)')
  expect(cSharp).toContain('ClockSkew = TimeSpan.FromSeconds(5)')
})

test.each([0, 1])(
  'recipe %i rejects assertions for another audience and expired ones',
  async (index) => {
    const code = recipes()[index] ?? ''
    const personOf = await load(code)
    await scene.request('/')
    await expect(personOf(received)).resolves.toMatchObject({ id: CAST.adele.id })
    for (const elsewhere of [
      { issuer: 'https://other.example' },
      { audience: 'https://other.example' },
    ]) {
      await expect((await load(code, elsewhere))(received)).rejects.toThrow()
    }
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 121_000 })
    try {
      await expect(personOf(received)).rejects.toThrow()
    } finally {
      vi.useRealTimers()
    }
  },
)
