import { createHash, generateKeyPairSync, randomBytes, sign, X509Certificate } from 'node:crypto'

/** A certificate as an operator uploads it to the registration, with its private key. */
export interface ClientCertificate {
  /** For `Registration.certificates`. */
  readonly certificate: string
  /** PKCS #8. */
  readonly privateKey: string
  /** SHA-256 of the DER form, in hex, as MSAL expects it. */
  readonly thumbprint: string
}

const DAY = 24 * 60 * 60 * 1000
const SHA256_WITH_RSA = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b]
const COMMON_NAME = [0x55, 0x04, 0x03]

/** Builds a self-signed X.509 certificate (RFC 5280 §4.1), the usual kind for `private_key_jwt`. */
export function createClientCertificate({ days = 365 } = {}): ClientCertificate {
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const algorithm = der(0x30, der(0x06, bytes(SHA256_WITH_RSA)), der(0x05))
  const attribute = der(0x30, der(0x06, bytes(COMMON_NAME)), der(0x0c, Buffer.from('entrada')))
  const name = der(0x30, der(0x31, attribute))
  const now = Date.now()
  const body = der(
    0x30,
    der(0xa0, der(0x02, bytes([2]))),
    der(0x02, Buffer.concat([bytes([0x01]), randomBytes(15)])),
    algorithm,
    name,
    der(0x30, utcTime(now - DAY), utcTime(now + days * DAY)),
    name,
    keys.publicKey.export({ type: 'spki', format: 'der' }),
  )
  const signature = sign('sha256', body, keys.privateKey)
  const whole = der(0x30, body, algorithm, der(0x03, bytes([0]), signature))
  return {
    certificate: new X509Certificate(whole).toString(),
    privateKey: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    thumbprint: createHash('sha256').update(whole).digest('hex'),
  }
}

/** Encodes one DER element: tag, length, content (ITU-T X.690 §8.1). */
function der(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const inner = Buffer.concat(content)
  const { length } = inner
  if (length < 0x80) return Buffer.concat([bytes([tag, length]), inner])
  const size = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([bytes([tag, ...size]), inner])
}

function bytes(values: readonly number[]): Buffer {
  return Buffer.from(values)
}

function utcTime(time: number): Buffer {
  const digits = new Date(time).toISOString().replaceAll(/[-:T]|\.\d+/g, '')
  return der(0x17, Buffer.from(digits.slice(2)))
}
