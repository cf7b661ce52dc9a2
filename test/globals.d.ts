/// <reference types="@cloudflare/workers-types" />

/**
 * Tests see the types of the platform and of the DOM at once. The DOM's are narrower in one respect: bytes
 * must not be shared memory, which the platform's own types never promise. `src` is held to those alone.
 */
interface SubtleCrypto {
  encrypt(
    algorithm: SubtleCryptoEncryptAlgorithm,
    key: CryptoKey,
    data: ArrayBuffer | ArrayBufferView,
  ): Promise<ArrayBuffer>
  decrypt(
    algorithm: SubtleCryptoEncryptAlgorithm,
    key: CryptoKey,
    data: ArrayBuffer | ArrayBufferView,
  ): Promise<ArrayBuffer>
}

interface Request {
  clone(): Request
}

interface ReadableStreamBYOBReader {
  readAtLeast<T extends ArrayBufferView>(
    minElements: number,
    view: T,
  ): Promise<ReadableStreamReadResult<T>>
}
