type Bytes = ArrayBuffer | ArrayBufferView

/** An unbuffered identity stream: a write resolves when it has been read. */
export class IdentityTransformStreamDouble extends TransformStream<Bytes, Uint8Array> {
  constructor() {
    super({ transform: (chunk, controller) => controller.enqueue(viewOf(chunk)) })
  }
}

/** The same with a fixed length: more or fewer bytes are an error. */
export class FixedLengthStreamDouble extends TransformStream<Bytes, Uint8Array> {
  constructor(length: number | bigint) {
    let left = Number(length)
    super({
      transform(chunk, controller) {
        left -= chunk.byteLength
        if (left < 0) {
          throw new TypeError('Attempt to write too many bytes through a FixedLengthStream.')
        }
        controller.enqueue(viewOf(chunk))
      },
      flush() {
        if (left === 0) return
        throw new TypeError('FixedLengthStream did not see all expected bytes before close().')
      },
    })
  }
}

/** Workers' streams accept only bytes. */
function viewOf(chunk: unknown): Uint8Array {
  if (chunk instanceof ArrayBuffer) return new Uint8Array(chunk)
  if (ArrayBuffer.isView(chunk)) {
    return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  }
  throw new TypeError('This TransformStream is being used as a byte stream.')
}
