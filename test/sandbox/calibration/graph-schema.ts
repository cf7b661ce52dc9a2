import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

/** Properties of one Graph type, each with the type of its value. */
type Properties = ReadonlyMap<string, string>

/**
 * Microsoft's description of Graph, read from the declarations in
 * `@microsoft/microsoft-graph-types`: the only machine-readable schema in an npm package.
 */
export class GraphSchema {
  readonly #source: string
  readonly #types: ReadonlySet<string>
  /** Caches the types read so far: the declarations are long and contain many entities. */
  readonly #known = new Map<string, Properties>()

  constructor() {
    const require = createRequire(import.meta.url)
    const path = require.resolve('@microsoft/microsoft-graph-types/microsoft-graph.d.ts')
    this.#source = readFileSync(path, 'utf8')
    const names = this.#source.matchAll(/^export interface (\w+)/gm)
    this.#types = new Set(Array.from(names, ([, name = '']) => name))
  }

  properties(type: string): Properties {
    const properties = this.#known.get(type) ?? this.#read(type)
    this.#known.set(type, properties)
    return properties
  }

  /** Lists every property of the value, at any depth, that Graph does not have there. */
  unknownProperties(value: unknown, type: string, path = type): readonly string[] {
    if (Array.isArray(value)) {
      return value.flatMap((element) => this.unknownProperties(element, type, path))
    }
    if (typeof value !== 'object' || value === null) return []
    const properties = this.properties(type)
    return Object.entries(value).flatMap(([name, nested]) => {
      // Annotations such as `@odata.type` belong to the protocol, not to the schema.
      if (name.startsWith('@')) return []
      const declared = properties.get(name)
      if (declared === undefined) return [`${path}/${name}`]
      const inner = /^(?:NullableOption<)?([A-Z]\w*)(?:\[\])?>?$/.exec(declared)?.[1]
      return inner === undefined || !this.#types.has(inner)
        ? []
        : this.unknownProperties(nested, inner, `${path}/${name}`)
    })
  }

  #read(type: string): Properties {
    const start = new RegExp(`^export interface ${type}(?: extends (\\w+))? \\{(\\})?`, 'm').exec(
      this.#source,
    )
    if (start === null) throw new RangeError(`Graph has no type ${type}`)
    const [opening, parent, isEmpty] = start
    const inherited: Properties = parent === undefined ? new Map() : this.properties(parent)
    if (isEmpty !== undefined) return inherited
    const from = start.index + opening.length
    const body = this.#source.slice(from, this.#source.indexOf('\n}', from))
    const own = [...body.matchAll(/^ {4}(\w+)\?: (.+);$/gm)].map(
      ([, name = '', value = '']) => [name, value] as const,
    )
    return new Map([...inherited, ...own])
  }
}
