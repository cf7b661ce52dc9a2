import { types } from 'node:util'

/** Copies a value for a Durable Object call as workerd does, and rejects types that it cannot copy. */
export function copyAcrossRpc<T>(value: T): T {
  refuseWhatCannotCross(value)
  return structuredClone(value)
}

/**
 * Prototypes that the platform can serialise. Any other is a class of the application, or a secret
 * key.
 */
const KNOWN: ReadonlySet<unknown> = new Set([
  Object.prototype,
  Array.prototype,
  Map.prototype,
  Set.prototype,
  RegExp.prototype,
  ArrayBuffer.prototype,
])

function refuseWhatCannotCross(value: unknown): void {
  if (typeof value === 'function') throw notSerializable('Function')
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return
  if (value instanceof Error || types.isDate(value)) return
  const prototype: unknown = Object.getPrototypeOf(value)
  if (!KNOWN.has(prototype)) {
    throw notSerializable(prototype === null ? 'Object' : value.constructor.name)
  }
  for (const part of partsOf(value)) refuseWhatCannotCross(part)
}

function partsOf(value: object): readonly unknown[] {
  if (value instanceof Map) return [...value.keys(), ...value.values()]
  return value instanceof Set ? [...value] : Object.values(value)
}

function notSerializable(type: string): DOMException {
  return new DOMException(
    `Could not serialize object of type "${type}". This type does not support serialization.`,
    'DataCloneError',
  )
}

/**
 * An exception as the caller receives it. workerd keeps the class of built-in errors, the name and
 * the message. The documentation promises no other properties, so they are dropped here.
 */
export function errorAcrossRpc(thrown: unknown): unknown {
  if (!(thrown instanceof Error)) return copyAcrossRpc(thrown)
  const copy = structuredClone(thrown)
  const plain = copy.name === thrown.name ? copy : new Error(thrown.message)
  plain.name = thrown.name
  delete plain.cause
  return Object.assign(plain, { remote: true })
}
