import { EntradaFailure } from '../failure.ts'
import { isGuid } from '../settings/issuer.ts'

/** The parameters of `GET /.entrada/people`. */
export interface PeopleQuery {
  readonly search: SearchText
  readonly types: ReadonlySet<'user' | 'group'>
  /** At most so many results. */
  readonly limit: number
}

const DEFAULT_LIMIT = 20
const MAX_LIMIT = 50
const TYPES = ['user', 'group'] as const

/** @throws EntradaFailure `invalid_request` */
export function readPeopleQuery(parameters: URLSearchParams): PeopleQuery {
  const search = readSearchText(parameters.get('q') ?? '')
  if (search === null) throw invalid('q takes 2 to 100 characters.')
  const limit = readLimit(parameters, DEFAULT_LIMIT, MAX_LIMIT)
  return { search, types: readTypes(parameters), limit }
}

/**
 * Reads `types` as LibreChat does: comma separated or repeated, unknown types ignored. Without the parameter
 * the query is for all types.
 */
export function readTypes(parameters: URLSearchParams): ReadonlySet<'user' | 'group'> {
  if (!parameters.has('types')) return new Set(TYPES)
  const named = parameters.getAll('types').flatMap((list) => list.split(','))
  return new Set(TYPES.filter((type) => named.some((name) => name.trim() === type)))
}

/**
 * Reads `limit`. A number out of bounds becomes the nearest bound.
 * @throws EntradaFailure `invalid_request` for anything but a whole number
 */
export function readLimit(parameters: URLSearchParams, usual: number, max: number): number {
  const limit = Number(parameters.get('limit')?.trim() || usual)
  if (!Number.isInteger(limit)) throw invalid(`limit takes a number from 1 to ${max}.`)
  return Math.min(max, Math.max(1, limit))
}

/** @throws EntradaFailure `graph_not_found` for a text that cannot be an object id */
export function readObjectId(id: string): string {
  if (!isGuid(id)) throw new EntradaFailure('graph_not_found')
  return id.toLowerCase()
}

export function invalid(detail: string): EntradaFailure {
  return new EntradaFailure('invalid_request', { detail })
}

/** What the user typed. Graph receives nothing typed but the texts in here. */
export interface SearchText {
  /** Cleaned and composed (NFC); case as typed. */
  readonly text: string
  /** Lower case: part of the cache key, so that capitals make no difference. */
  readonly key: string
  /** Letters, marks and digits only, separated by spaces. Empty for `++` or an emoji. */
  readonly words: string
  /** `words` with the few symbols that names and addresses contain and no query language interprets. */
  readonly spelled: string
}

const MIN_CHARACTERS = 2
const MAX_CHARACTERS = 100
/** Enough for the prefixes of a name. A pasted sentence is not narrowed from the cache. */
const MAX_PREFIXES = 24

/** Joiners connect letters in Persian, Urdu and Indic names. */
const JOINERS = '\u200c\u200d'
/** Controls, bidirectional overrides, lone surrogates and private use characters are in no name. */
const INVISIBLE = new RegExp(`(?![${JOINERS}])[\\p{C}\\p{Zl}\\p{Zp}]`, 'gu')
const NOT_WORD = new RegExp(`[^\\p{L}\\p{M}\\p{N}${JOINERS}]+`, 'gu')
const NOT_SPELLED = new RegExp(`[^\\p{L}\\p{M}\\p{N}${JOINERS}'’._@-]+`, 'gu')

/** Cleans what the user typed. `null` for fewer than 2 or more than 100 characters. */
export function readSearchText(typed: string): SearchText | null {
  const text = squeeze(typed.replaceAll(INVISIBLE, ' ').normalize('NFC'))
  const length = [...text].length
  return length < MIN_CHARACTERS || length > MAX_CHARACTERS ? null : toSearchText(text)
}

/** The shorter prefixes of a text that can be searched for, longest first. */
export function prefixesOf(search: SearchText): readonly SearchText[] {
  const characters = [...search.text]
  const prefixes = new Map<string, SearchText>()
  const longest = Math.min(characters.length - 1, MAX_PREFIXES + MIN_CHARACTERS)
  for (let length = longest; length >= MIN_CHARACTERS; length--) {
    const prefix = readSearchText(characters.slice(0, length).join(''))
    // A prefix without words is sent as `startswith` alone, so its result may lack matches of the whole text.
    if (prefix !== null && prefix.words !== '') prefixes.set(prefix.key, prefix)
  }
  prefixes.delete(search.key)
  return [...prefixes.values()]
}

/** The text without marks, for addresses and for directories whose names were entered without marks. */
export function withoutMarks(search: SearchText): SearchText {
  return toSearchText(squeeze(fold(search.text)))
}

function toSearchText(text: string): SearchText {
  return {
    text,
    key: text.toLowerCase(),
    // Marks and joiners match nothing without a letter.
    words: /[\p{L}\p{N}]/u.test(text) ? squeeze(text.replaceAll(NOT_WORD, ' ')) : '',
    spelled: squeeze(text.replaceAll(NOT_SPELLED, ' ')),
  }
}

function squeeze(text: string): string {
  return text.replaceAll(/\s+/gu, ' ').trim()
}

/** Letters that Unicode does not decompose, and how they are written without marks. */
const BASE_LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
  ħ: 'h',
  ς: 'σ',
}

/** Lower case without marks: `Łukasz` becomes `lukasz`, `Zoë` becomes `zoe`. */
export function fold(text: string): string {
  return text
    .toLowerCase()
    .normalize('NFKD')
    .replaceAll(/\p{M}|[ßæœøłđðþıħς]/gu, (letter) => BASE_LETTERS[letter] ?? '')
    .toLowerCase()
}
