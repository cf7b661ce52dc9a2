import { DatabaseSync } from 'node:sqlite'
import { exportJWK, generateKeyPair, importJWK, type JWK } from 'jose'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { SigningKeys } from '../../src/signing/signing-keys.ts'
import { readSigningKeys } from '../../src/settings/chat.ts'
import { Variables } from '../../src/settings/variables.ts'
import type { ObjectNamespace } from '../../src/storage/durable-objects.ts'
import { SealedBox } from '../../src/crypto/web-crypto.ts'
import {
  OVERLAP_SECONDS,
  PUBLISHED_AHEAD_SECONDS,
  ROTATION_SECONDS,
  signingKeyContext,
  type SigningKeyRpc,
  SigningKeyTable,
} from '../../src/signing/signing-key-table.ts'
import { SqlStorageDouble } from '../support/platform/sql-storage.ts'

const NEW_SECRET = 'a newer secret of more than 32 characters'
const OLD_SECRET = 'the older secret of more than 32 characters'

function namespaceOf(stub: SigningKeyRpc): ObjectNamespace<SigningKeyRpc> {
  const id = { toString: () => '0', equals: () => true }
  return { idFromName: () => id, idFromString: () => id, get: () => stub }
}

function aDisk() {
  const database = new DatabaseSync(':memory:')
  return (...ring: readonly string[]) =>
    new SigningKeyTable(
      // The double answers as `ctx.storage.sql` does for the statements there are.
      {
        sql: new SqlStorageDouble(() => database) as unknown as SqlStorage,
        setAlarm: async () => {},
      },
      new SealedBox(ring),
    )
}

describe('keys that Entrada makes', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_800_000_000_000 })
  })
  afterEach(() => {
    vi.useRealTimers()
  })
  const pass = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000)
  const now = () => Date.now() / 1000

  test('the first key signs at once, and many callers make one', async () => {
    const table = aDisk()(OLD_SECRET)
    const lists = await Promise.all([table.list(), table.list(), table.list()])
    expect(new Set(lists.flat().map(({ kid }) => kid)).size).toBe(1)
    expect(lists[0]?.[0]?.signsFrom).toBe(now())
  })

  test('the private part is stored sealed and opens with the key ring [requirement 36]', async () => {
    const [record] = await aDisk()(OLD_SECRET).list()
    expect(JSON.stringify(record)).not.toContain('"d"')
    const opened = await new SealedBox([OLD_SECRET]).open(
      record?.sealedPrivateKey ?? '',
      signingKeyContext(record?.kid ?? ''),
    )
    expect(JSON.parse(opened ?? '{}')).toMatchObject({ kty: 'RSA', n: record?.n })
  })

  test('the next key is published two days before it signs, the old one a day after [requirement 63]', async () => {
    const table = aDisk()(OLD_SECRET)
    const [first] = await table.list()
    pass(ROTATION_SECONDS - PUBLISHED_AHEAD_SECONDS - 1)
    expect(await table.list()).toEqual([first])
    pass(1)
    const [, second] = await table.list()
    expect(second?.signsFrom).toBe(now() + PUBLISHED_AHEAD_SECONDS)
    pass(PUBLISHED_AHEAD_SECONDS + OVERLAP_SECONDS - 1)
    expect(await table.list()).toEqual([first, second])
    pass(1)
    expect(await table.list()).toEqual([second])
  })

  test('after a long silence the old key signs until the new one can be known [requirement 63]', async () => {
    const table = aDisk()(OLD_SECRET)
    const [first] = await table.list()
    pass(200 * 86_400)
    const [still, next] = await table.list()
    expect(still).toEqual(first)
    expect(next?.signsFrom).toBe(now() + PUBLISHED_AHEAD_SECONDS)
  })

  test('a new first secret reseals the key, so that the old one can be removed [requirement 38]', async () => {
    const open = aDisk()
    const [before] = await open(OLD_SECRET).list()
    const [during] = await open(NEW_SECRET, OLD_SECRET).list()
    const [after] = await open(NEW_SECRET).list()
    expect(during?.sealedPrivateKey).not.toBe(before?.sealedPrivateKey)
    expect(after).toEqual(during)
    expect(after?.kid).toBe(before?.kid)
  })

  test('a key whose secret was taken out is replaced at once [requirement 38]', async () => {
    const open = aDisk()
    const [before] = await open(OLD_SECRET).list()
    const records = await open(NEW_SECRET).list()
    expect(records).toHaveLength(1)
    expect(records[0]?.kid).not.toBe(before?.kid)
    expect(records[0]?.signsFrom).toBeLessThanOrEqual(now())
  })
})

test('a key made by a clock ahead of ours signs at once', async () => {
  const records = await aDisk()(OLD_SECRET).list()
  const young = records.map((record) => ({ ...record, signsFrom: record.signsFrom + 2 }))
  const keys = new SigningKeys({
    configured: null,
    box: new SealedBox([OLD_SECRET]),
    objects: namespaceOf({ list: async () => young }),
  })
  expect((await keys.current()).kid).toBe(records[0]?.kid)
})

describe('SIGNING_KEYS', () => {
  const key = async (kid: string, modulusLength = 2048): Promise<JWK> => {
    const { privateKey } = await generateKeyPair('RS256', {
      modulusLength: 2048,
      extractable: true,
    })
    const jwk = { ...(await exportJWK(privateKey)), kid }
    return modulusLength === 2048 ? jwk : { ...jwk, n: 'x'.repeat(modulusLength / 8) }
  }
  const read = (value: unknown) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    const variables = new Variables({ SIGNING_KEYS: text })
    const keys = readSigningKeys(variables)
    return { keys, problems: variables.problems.map(({ problem }) => problem) }
  }

  test('accepts a set of private keys, of which the first signs', async () => {
    const { keys, problems } = read({ keys: [await key('b'), await key('a')] })
    expect(problems).toEqual([])
    expect(keys?.map(({ kid }) => kid)).toEqual(['b', 'a'])
    const signing: JWK = JSON.parse(JSON.stringify(keys?.[0]))
    await expect(importJWK(signing, 'RS256')).resolves.toBeDefined()
  })

  test('is optional: without it Entrada makes its own keys', () => {
    expect(read('')).toEqual({ keys: null, problems: [] })
  })

  test.each([
    ['no JSON', async () => '{', /not valid JSON/],
    ['no keys', async () => ({ keys: [] }), /^keys /],
    ['a bare key', async () => key('a'), /^keys /],
    ['an elliptic curve key', async () => ({ keys: [{ kty: 'EC', kid: 'a' }] }), /keys\.0\.kty/],
    [
      'a short key',
      async () => ({ keys: [await key('a', 1024)] }),
      /keys\.0\.n is shorter than 2048/,
    ],
    [
      'another algorithm',
      async () => ({ keys: [{ ...(await key('a')), alg: 'PS256' }] }),
      /keys\.0\.alg/,
    ],
    ['no kid', async () => ({ keys: [{ ...(await key('a')), kid: undefined }] }), /keys\.0\.kid/],
    ['a public key', async () => ({ keys: [{ ...(await key('a')), d: undefined }] }), /keys\.0\.d/],
    ['one kid twice', async () => ({ keys: [await key('a'), await key('a')] }), /one kid/],
  ])('%s is reported, and not quoted', async (_situation, make, problem) => {
    const value = await make()
    const { problems } = read(value)
    expect(problems.join('\n')).toMatch(problem)
    const secret = typeof value === 'object' && 'd' in value ? String(value.d) : '"d":'
    expect(problems.join('\n')).not.toContain(secret)
  })
})
