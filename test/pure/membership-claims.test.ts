import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EntradaFailure } from '../../src/failure.ts'
import { isTrueAt, readGroupsClaim, textsAt, type Claims } from '../../src/membership/claims.ts'
import { RoleEvaluation } from '../../src/membership/role-evaluation.ts'
import type { RoleRule } from '../../src/settings/membership.ts'

const A = '0c1b6f0e-2f6c-4f6e-8a77-00000000000a'
const B = '0c1b6f0e-2f6c-4f6e-8a77-00000000000b'

function rule(path: string, anyOf: readonly string[], more: Partial<RoleRule> = {}): RoleRule {
  return {
    anyOf,
    path: path.split('.'),
    source: 'id',
    isAboutGroups: path === 'groups',
    acceptsTrue: false,
    tenants: null,
    ...more,
  }
}

/** Evaluates the claims alone, as for an issuer that is not Entra. */
async function heldBy(one: RoleRule, claims: Claims): Promise<readonly string[]> {
  return new RoleEvaluation([one], null).matchedBySignIn(one, claims)
}

describe('a claim path', () => {
  const claims = {
    roles: ['user', 'Chat Admin', 7, null, { role: 'nested' }],
    single: 'user',
    list: 'reader, writer admin',
    number: 5,
    nothing: null,
    realm_access: { roles: ['realm-user'], 'a.b': { c: ['dotted'] } },
    resources: [
      { name: 'Chat Users', roles: ['one'] },
      { name: 'Chat Admins', roles: ['two', 'three'] },
      'four',
    ],
    'https://chat.example/roles': ['namespaced'],
    'https://chat.example/app': { roles: ['deeper'] },
  }

  test.each([
    ['roles', ['user', 'Chat Admin']],
    ['single', ['user']],
    ['realm_access.roles', ['realm-user']],
    ['realm_access.a.b.c', ['dotted']],
    ['resources.roles', ['one', 'two', 'three']],
    ['resources.1.roles', ['two', 'three']],
    ['resources.name', ['Chat Users', 'Chat Admins']],
    ['resources.2', ['four']],
    ['https://chat.example/roles', ['namespaced']],
    ['https://chat.example/app.roles', ['deeper']],
    ['number', []],
    ['nothing', []],
    ['nothing.at.all', []],
    ['missing', []],
    ['roles.user', []],
    ['single.length', []],
    ['roles.length', []],
    ['constructor.name', []],
    ['__proto__', []],
    ['realm_access', []],
    ['resources.7.roles', []],
  ])('%s leads to %j', (path, texts) => {
    expect([...new Set(textsAt(claims, path.split('.')))]).toEqual(texts)
  })

  test('to a single text counts whole and by its words, as in LibreChat', () => {
    expect(textsAt(claims, ['list'])).toEqual(['reader, writer admin', 'reader', 'writer', 'admin'])
  })

  test('to a list counts by its members, never by their words', async () => {
    expect(await heldBy(rule('roles', ['Admin', 'Chat']), claims)).toEqual([])
    expect(await heldBy(rule('roles', ['Chat Admin']), claims)).toEqual(['Chat Admin'])
    expect(await heldBy(rule('resources.name', ['Users']), claims)).toEqual([])
  })

  test('finds values at any depth, and nothing else', () => {
    const names = fc.array(fc.stringMatching(/^[a-z_]{1,8}$/), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(names, fc.array(fc.string()), (path, texts) => {
        const nested = path.reduceRight<unknown>((value, step) => ({ [step]: value }), texts)
        const found = textsAt({ top: nested }, ['top', ...path])
        expect(found).toEqual(texts)
        expect(textsAt({ top: nested }, ['other', ...path])).toEqual([])
      }),
    )
  })

  test('never throws, whatever the token contains', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.anything()),
        fc.array(fc.string()),
        (some, path) => {
          expect(Array.isArray(textsAt(some, path))).toBe(true)
          expect(typeof isTrueAt(some, path)).toBe('boolean')
          expect(readGroupsClaim(some).kind).toBeTypeOf('string')
        },
      ),
    )
  })
})

describe('a claim with the value true', () => {
  test('matches the operator rule, as in LibreChat, and no membership rule', async () => {
    const admin = rule('chat.admin', ['admin'], { acceptsTrue: true })
    expect(await heldBy(admin, { chat: { admin: true } })).toEqual(['admin'])
    expect(await heldBy(rule('chat.admin', ['admin']), { chat: { admin: true } })).toEqual([])
  })

  test.each([false, 'true', 1, ['true'], {}])('is not %j', async (value) => {
    const admin = rule('admin', ['admin'], { acceptsTrue: true })
    expect(await heldBy(admin, { admin: value })).toEqual([])
  })
})

describe('the groups claim', () => {
  test.each<[string, Claims]>([
    ['_claim_names of the code flow', { _claim_names: { groups: 'src1' } }],
    [
      'with _claim_sources beside it',
      {
        _claim_names: { groups: 'src1' },
        _claim_sources: { src1: { endpoint: 'https://graph.windows.net/x/getMemberObjects' } },
      },
    ],
    [
      '_claim_names beside a list that is cut short',
      { groups: [A], _claim_names: { groups: 'src1' } },
    ],
    ['hasgroups of the implicit flow', { hasgroups: true }],
    ['hasgroups as text', { hasgroups: 'true' }],
    ['hasgroups as a number', { hasgroups: 1 }],
    ['a pointer in place of the list', { groups: 'src1' }],
    ['a pointer in a list', { groups: ['src1'] }],
    ['a claim named after the pointer', { 'groups:src1': 'https://graph.windows.net/x' }],
  ])('overflows by %s, and is never treated as empty [requirement 78]', async (_, claims) => {
    expect(readGroupsClaim(claims).kind).toBe('overflown')
    const refused = heldBy(rule('groups', [A]), claims)
    await expect(refused).rejects.toThrow(EntradaFailure)
    await expect(refused).rejects.toMatchObject({
      code: 'membership_unknown',
      details: { reason: 'overage' },
    })
  })

  test.each<[string, Claims]>([
    ['hasgroups: false', { hasgroups: false, groups: [A] }],
    ['hasgroups: "false"', { hasgroups: 'false', groups: [A] }],
    ['_claim_names of something else', { _claim_names: { roles: 'src1' }, groups: [A] }],
  ])('does not overflow by %s', (_, claims) => {
    expect(readGroupsClaim(claims)).toEqual({ kind: 'listed', values: [A] })
  })

  test.each([5, true, {}, { groups: [A] }, [A, 7], [[A]], [{ id: A }]])(
    'of the form %j cannot be read, and admits nobody',
    async (groups) => {
      expect(readGroupsClaim({ groups }).kind).toBe('unreadable')
      await expect(heldBy(rule('groups', [A]), { groups })).rejects.toMatchObject({
        code: 'membership_unknown',
      })
    },
  )

  test('lists ids in any case', async () => {
    expect(await heldBy(rule('groups', [A, B]), { groups: [A.toUpperCase()] })).toEqual([A])
    expect(await heldBy(rule('groups', [A.toUpperCase()]), { groups: [A] })).toEqual([
      A.toUpperCase(),
    ])
  })

  test('lists names where the registration says so', async () => {
    const claims = { groups: ['Chat Users', 'CONTOSO\\Sales'] }
    expect(await heldBy(rule('groups', ['Chat Users', 'Sales']), claims)).toEqual(['Chat Users'])
    expect(await heldBy(rule('groups', ['chat users']), claims)).toEqual([])
  })

  test('is not a claim of that name at another path', async () => {
    const claims = { realm: { groups: [A] }, hasgroups: true }
    expect(await heldBy(rule('realm.groups', [A]), claims)).toEqual([A])
  })
})
