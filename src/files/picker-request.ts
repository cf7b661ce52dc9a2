import { EntradaFailure } from '../failure.ts'

/** What the chat may choose about a picker; everything else is the operator's. */
export interface PickerRequest {
  readonly channel: string
  readonly start: PickerStart
  readonly isMultiple: boolean
  /** At most so many files; never more than the operator allows. */
  readonly maxFiles: number
  /** Extensions such as `.pdf`, or the picker's own words such as `photo`. Empty for all. */
  readonly types: readonly string[]
  readonly locale: string
  readonly theme: 'default' | 'dark' | 'auto'
}

const STARTS = ['onedrive', 'recent', 'sites'] as const
export type PickerStart = (typeof STARTS)[number]

const THEMES = ['default', 'dark', 'auto'] as const
/** A nonce of the chat's making: long enough not to meet another's, of characters that need no care. */
const CHANNEL = /^[A-Za-z0-9_-]{8,64}$/
const TYPE = /^(?:\.[a-z0-9]{1,12}|file|media|photo|video|audio|document|onenote)$/
const MAX_TYPES = 50
const LOCALE = /^[a-z]{2,3}(?:-[a-z0-9]{2,8}){0,3}$/

/** @throws EntradaFailure `invalid_request`, naming what is wrong */
export function readPickerRequest(request: Request, mostFiles: number): PickerRequest {
  const query = new URL(request.url).searchParams
  const channel = query.get('channel') ?? ''
  if (!CHANNEL.test(channel)) {
    throw invalid('channel has to be 8 to 64 letters, digits, dashes or underscores.')
  }
  const types = listOf(query.get('types'))
  if (types.length > MAX_TYPES || !types.every((type) => TYPE.test(type))) {
    throw invalid('types has to be a comma list such as .pdf,.docx or photo,document.')
  }
  const isMultiple = query.get('mode') !== 'single'
  return {
    channel,
    start: choiceOf(STARTS, query.get('start')) ?? 'onedrive',
    isMultiple,
    maxFiles: isMultiple ? fewest(query.get('max'), mostFiles) : 1,
    types,
    locale: localeOf(query.get('locale'), request.headers.get('accept-language')),
    theme: choiceOf(THEMES, query.get('theme')) ?? 'auto',
  }
}

function fewest(text: string | null, most: number): number {
  if (text === null) return most
  if (!/^[1-9]\d{0,3}$/.test(text)) throw invalid('max has to be a number from 1.')
  return Math.min(Number(text), most)
}

function listOf(text: string | null): readonly string[] {
  const parts = (text ?? '').toLowerCase().split(',')
  return parts.flatMap((part) => (part.trim() === '' ? [] : [part.trim()]))
}

function choiceOf<T extends string>(choices: readonly T[], text: string | null): T | null {
  if (text === null) return null
  const found = choices.find((choice) => choice === text)
  if (found === undefined) throw invalid(`“${text.slice(0, 20)}” is none of ${choices.join(', ')}.`)
  return found
}

/** The chat's word, then the browser's first preference. */
function localeOf(asked: string | null, acceptLanguage: string | null): string {
  const preferred = acceptLanguage?.split(',')[0]?.split(';')[0]
  const found = [asked, preferred].map((tag) => tag?.trim().toLowerCase() ?? '')
  return found.find((tag) => LOCALE.test(tag)) ?? 'en-us'
}

function invalid(detail: string): EntradaFailure {
  return new EntradaFailure('invalid_request', { detail })
}
