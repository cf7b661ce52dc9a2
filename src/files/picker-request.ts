import * as v from 'valibot'
import { EntradaFailure } from '../failure.ts'

/** Extensions such as `.pdf`, or the picker's own words. */
const TYPE = /^(?:\.[a-z0-9]{1,12}|file|media|photo|video|audio|document|onenote)$/
const LOCALE = /^[a-z]{2,3}(?:-[a-z0-9]{2,8}){0,3}$/

/** What the chat may choose about a picker; everything else is the operator's. */
const Wishes = v.object({
  /** A nonce of the chat's making: long enough not to meet another's, of characters that need no care. */
  channel: v.pipe(v.optional(v.string(), ''), v.regex(/^[A-Za-z0-9_-]{8,64}$/)),
  start: v.optional(v.picklist(['onedrive', 'recent', 'sites']), 'onedrive'),
  mode: v.optional(v.string()),
  max: v.optional(v.pipe(v.string(), v.regex(/^[1-9]\d{0,3}$/), v.transform(Number)), '9999'),
  types: v.pipe(
    v.optional(v.string(), ''),
    v.transform((list): string[] => list.toLowerCase().match(/[^\s,]+/g) ?? []),
    v.array(v.pipe(v.string(), v.regex(TYPE))),
    v.maxLength(50),
  ),
  locale: v.optional(v.string(), ''),
  theme: v.optional(v.picklist(['default', 'dark', 'auto']), 'auto'),
})

export interface PickerRequest extends Omit<v.InferOutput<typeof Wishes>, 'mode' | 'max'> {
  readonly isMultiple: boolean
  /** At most so many files; never more than the operator allows. */
  readonly maxFiles: number
}

/** @throws EntradaFailure `invalid_request`, naming what is wrong */
export function readPickerRequest(request: Request, mostFiles: number): PickerRequest {
  const query = Object.fromEntries(new URL(request.url).searchParams)
  const parsed = v.safeParse(Wishes, query)
  if (!parsed.success) {
    const [{ path, expected }] = parsed.issues
    const detail = `${String(path?.[0].key)}: expected ${expected}.`
    throw new EntradaFailure('invalid_request', { detail })
  }
  const { mode, max, ...wishes } = parsed.output
  const isMultiple = mode !== 'single'
  const preferred = request.headers.get('accept-language')?.split(/[,;]/)[0] ?? ''
  // The chat's word, then the browser's first preference.
  const tags = [wishes.locale, preferred].map((tag) => tag.trim().toLowerCase())
  return {
    ...wishes,
    locale: tags.find((tag) => LOCALE.test(tag)) ?? 'en-us',
    isMultiple,
    maxFiles: isMultiple ? Math.min(max, mostFiles) : 1,
  }
}
