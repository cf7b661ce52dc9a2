import { describe, expect, test } from 'vitest'
import { SealedBox, type SealContext } from '../../src/crypto/web-crypto.ts'

const OLD = 'an-older-key-of-the-ring-0123456789-abcdef'
const NEW = 'the-newest-key-of-the-ring-fedcba-9876543210'
const CONTEXT: SealContext = {
  purpose: 'refresh-token',
  secret: 'half',
  bound: ['tenant', 'user', 'session', '1'],
}

test('a sealed value opens in the same context and in no other [requirement 37]', async () => {
  const box = new SealedBox([NEW])
  const sealed = await box.seal('the secret', CONTEXT)
  expect(await box.open(sealed, CONTEXT)).toBe('the secret')
  const others: SealContext[] = [
    { ...CONTEXT, purpose: 'access-token' },
    { ...CONTEXT, secret: 'other half' },
    { purpose: CONTEXT.purpose, bound: CONTEXT.bound },
    ...CONTEXT.bound.map((_, place) => ({
      ...CONTEXT,
      bound: CONTEXT.bound.with(place, 'another'),
    })),
    { ...CONTEXT, bound: ['tenantuser', 'session', '1'] },
    { ...CONTEXT, bound: ['tenant', 'user', 'session1', ''] },
    { ...CONTEXT, bound: [...CONTEXT.bound, ''] },
  ]
  for (const other of others) expect(await box.open(sealed, other)).toBeNull()
})

test('a thousand seals of one text have a thousand nonces and share no bytes [requirement 37]', async () => {
  const box = new SealedBox([NEW])
  const sealed = await Promise.all(Array.from({ length: 1000 }, () => box.seal('same', CONTEXT)))
  const nonces = sealed.map((one) => one.split('.')[2])
  expect(new Set(nonces).size).toBe(1000)
  expect(new Set(sealed.map((one) => one.split('.')[3])).size).toBe(1000)
})

test('no damaged value opens', async () => {
  const box = new SealedBox([NEW])
  const sealed = await box.seal('the secret', CONTEXT)
  const damaged = [
    ...Array.from(
      sealed,
      (char, place) =>
        sealed.slice(0, place) + (char === 'A' ? 'B' : 'A') + sealed.slice(place + 1),
    ),
    sealed.slice(0, -1),
    sealed.slice(0, sealed.lastIndexOf('.')),
    `${sealed}.x`,
    sealed.replace('v1', 'v2'),
    '',
    'v1...',
    'v1.a.!.!',
    'null',
  ].filter((one) => one !== sealed)
  for (const one of damaged) expect([one, await box.open(one, CONTEXT)]).toEqual([one, null])
})

describe('the key ring', () => {
  test('opens with every key, seals with the first, and says which values to reseal', async () => {
    const old = new SealedBox([OLD])
    const both = new SealedBox([NEW, OLD])
    const sealed = await old.seal('kept', CONTEXT)
    expect(await both.open(sealed, CONTEXT)).toBe('kept')
    expect([await old.isCurrent(sealed), await both.isCurrent(sealed)]).toEqual([true, false])
    const renewed = await both.seal('kept', CONTEXT)
    expect(await both.isCurrent(renewed)).toBe(true)
    expect(await new SealedBox([NEW]).open(renewed, CONTEXT)).toBe('kept')
  })

  test('does not open a value without the key that sealed it', async () => {
    const sealed = await new SealedBox([OLD]).seal('gone', CONTEXT)
    expect(await new SealedBox([NEW]).open(sealed, CONTEXT)).toBeNull()
  })

  test('names its keys without revealing them', async () => {
    const sealed = await new SealedBox([OLD]).seal('x', CONTEXT)
    expect(Buffer.from(sealed.split('.')[1] ?? '', 'base64url').length).toBe(6)
    expect(sealed).not.toContain(OLD.slice(0, 6))
  })
})

test('text of any script and length is sealed and opened', async () => {
  const box = new SealedBox([NEW])
  for (const text of ['', 'ünïcödé 漢字 😀', 'x'.repeat(100_000)]) {
    expect(await box.open(await box.seal(text, CONTEXT), CONTEXT)).toBe(text)
  }
})
