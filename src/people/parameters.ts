import { EntradaFailure } from '../failure.ts'
import { isGuid } from '../settings/guid.ts'

export function invalid(detail: string): EntradaFailure {
  return new EntradaFailure('invalid_request', { detail })
}

/** @throws EntradaFailure `graph_not_found` for what is the id of nobody and nothing */
export function readObjectId(id: string): string {
  if (!isGuid(id)) throw new EntradaFailure('graph_not_found')
  return id.toLowerCase()
}

/**
 * Out of bounds is brought back into them; what is no number is a mistake somebody should hear of.
 * @throws EntradaFailure `invalid_request`
 */
export function readLimit(parameters: URLSearchParams, usual: number, most: number): number {
  const limit = Number(parameters.get('limit')?.trim() || usual)
  if (!Number.isInteger(limit)) throw invalid(`limit takes a number from 1 to ${most}.`)
  return Math.min(most, Math.max(1, limit))
}
