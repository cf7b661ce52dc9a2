import { randomUUID } from 'node:crypto'

export interface Upload {
  readonly id: string
  readonly name: string
  readonly bytes: number
  readonly sha256: string
}

/** Stores a file's measurements, never its bytes. Evicts the oldest entries. */
export class Uploads {
  readonly #byId = new Map<string, Upload>()

  add(measured: Omit<Upload, 'id'>): Upload {
    const upload = { id: randomUUID(), ...measured }
    this.#byId.set(upload.id, upload)
    const [oldest] = this.#byId.keys()
    if (this.#byId.size > 500 && oldest !== undefined) this.#byId.delete(oldest)
    return upload
  }

  find(ids: readonly string[]): readonly Upload[] {
    return ids.flatMap((id) => this.#byId.get(id) ?? [])
  }
}
