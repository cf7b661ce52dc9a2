import { verify } from 'hono/jwt'
import { createLocalJWKSet, decodeJwt, jwtVerify, type JSONWebKeySet } from 'jose'
import { expect, test, vi } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import { aGuardedChat } from '../../support/chat-double.ts'
import { aChat, signedInAtChat } from '../provider/fixture.ts'
import { signedIn } from '../../support/scene.ts'

/* hono/jwt, PyJWT, Authlib and jose with maxTokenAge refuse a token whose iat lies one second ahead of their clock. */

async function assertion(): Promise<Token> {
  const { entrada, chat } = aGuardedChat()
  await (await signedIn(entrada)).fetch('/api')
  const response = await entrada.fetch('/.entrada/jwks.json')
  return { token: chat.last.headers.get('entrada-assertion') ?? '', keys: await response.json() }
}

async function idToken(): Promise<Token> {
  const scene = aChat()
  await signedInAtChat(scene)
  const response = await scene.entrada.fetch('/.entrada/oidc/jwks')
  return { token: scene.chat.tokens.id_token ?? '', keys: await response.json() }
}

interface Token {
  readonly token: string
  readonly keys: JSONWebKeySet
}

const VERIFIERS = {
  'jose with maxTokenAge': ({ token, keys }: Token) =>
    jwtVerify(token, createLocalJWKSet(keys), { maxTokenAge: 120, currentDate: new Date() }).then(
      ({ payload }) => payload,
    ),
  'hono/jwt': ({ token, keys }: Token) => verify(token, keys.keys[0] ?? '', 'RS256'),
}

test.each([
  ['assertion', 'jose with maxTokenAge', assertion],
  ['assertion', 'hono/jwt', assertion],
  ['id token', 'jose with maxTokenAge', idToken],
  ['id token', 'hono/jwt', idToken],
] as const)('a new %s is valid for %s on a clock 5 seconds behind', async (_, library, make) => {
  const made = await make()
  vi.setSystemTime(Date.now() - 5000)
  expect(await VERIFIERS[library](made)).toMatchObject({ sub: CAST.adele.id })
})

test('an assertion is valid for 120 seconds from its iat [requirement 63]', async () => {
  const { exp = Infinity, iat = 0 } = decodeJwt((await assertion()).token)
  expect(exp - iat).toBe(120)
})
