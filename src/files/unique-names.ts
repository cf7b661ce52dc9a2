import { safeFileName } from './file-name.ts'

/** Names within one archive: safe, and different for programs that do not tell capitals apart. */
export class UniqueNames {
  readonly #taken: Set<string>

  constructor(taken: readonly string[]) {
    this.#taken = new Set(taken.map(key))
  }

  take(name: string): string {
    const safe = safeFileName(name)
    let unique = safe
    for (let count = 2; this.#taken.has(key(unique)); count++) unique = numbered(safe, count)
    this.#taken.add(key(unique))
    return unique
  }
}

function numbered(name: string, count: number): string {
  const [, stem = name, extension = ''] = /^(.+?)(\.[^.]*)?$/.exec(name) ?? []
  return `${stem} (${count})${extension}`
}

function key(name: string): string {
  return name.normalize('NFC').toLowerCase()
}
