import { expect, test } from 'vitest'
import { CAST } from '../directory/cast.ts'
import { aSandbox, calling } from './graph-caller.ts'
import { aString } from './matchers.ts'

const sandbox = aSandbox()

test('user info identifies the person by a subject other than their object id', async () => {
  const { body } = await calling(sandbox).get('/oidc/userinfo')
  expect(body).toEqual({
    sub: aString(/^[\w-]{43}$/),
    name: 'Adele Vance',
    given_name: 'Adele',
    family_name: 'Vance',
    email: 'adele.vance@contoso.example',
    picture: `${sandbox.hosts.graph}/v1.0/me/photo/$value`,
  })
})

test('properties without a value are absent', async () => {
  const { body } = await calling(sandbox, CAST.unal).get('/oidc/userinfo')
  expect(body).not.toHaveProperty('email')
  expect(body['name']).toBe(`Ünal, "Ops" O'Hara & Söhne`)
})

test('the subject is stable, different for everyone, and served outside the API versions', async () => {
  const subject = async (who: { readonly id: string }) =>
    (await calling(sandbox, who).get('/oidc/userinfo')).body['sub']
  expect(await subject(CAST.adele)).toBe(await subject(CAST.adele))
  expect(await subject(CAST.adele)).not.toBe(await subject(CAST.megan))
  expect((await calling(sandbox).get('/v1.0/oidc/userinfo')).status).toBe(400)
})
