/** Letters that Unicode does not take apart, and what is written for them where they are missing. */
const PLAIN: Readonly<Record<string, string>> = {
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

/** Lower case without marks: `Łukasz` and `lukasz`, `Zoë` and `zoe` are the same. */
export function fold(text: string): string {
  return text
    .toLowerCase()
    .normalize('NFKD')
    .replaceAll(/\p{M}|[ßæœøłđðþıħς]/gu, (letter) => PLAIN[letter] ?? '')
    .toLowerCase()
}

/** What somebody typed, as data. Nothing typed reaches Graph in any other form than these. */
export interface SearchText {
  /** Cleaned and composed (NFC); case as typed. */
  readonly text: string
  /** Lower case: names a look-up, so that a repeat in capitals is a repeat. */
  readonly key: string
  /** Letters, marks and digits only, separated by spaces. May be empty: `++`, an emoji. */
  readonly words: string
  /** As `words`, with the few symbols that names and addresses hold and every query language leaves alone. */
  readonly spelled: string
}

const SHORTEST = 2
const LONGEST = 100
/** Beginnings of a name or two; whoever pastes a sentence asks for it alone. */
const MOST_BEGINNINGS = 24

/** Joiners hold letters together in Persian, Urdu and Indic names. */
const JOINERS = '\u200c\u200d'
/** Controls, bidirectional overrides, lone surrogates, private use: no part of any name. */
const INVISIBLE = new RegExp(`(?![${JOINERS}])[\\p{C}\\p{Zl}\\p{Zp}]`, 'gu')
const NOT_WORD = new RegExp(`[^\\p{L}\\p{M}\\p{N}${JOINERS}]+`, 'gu')
const NOT_SPELLED = new RegExp(`[^\\p{L}\\p{M}\\p{N}${JOINERS}'’._@-]+`, 'gu')

/** `null` when there is nothing to search for: fewer than two characters, or more than a hundred. */
export function readSearchText(typed: string): SearchText | null {
  const text = squeeze(typed.replaceAll(INVISIBLE, ' ').normalize('NFC'))
  const length = [...text].length
  return length < SHORTEST || length > LONGEST ? null : toSearchText(text)
}

/** The same for every shorter beginning, longest first; those that cannot be searched for are left out. */
export function beginningsOf(search: SearchText): readonly SearchText[] {
  const characters = [...search.text]
  const beginnings = new Map<string, SearchText>()
  for (
    let length = Math.min(characters.length - 1, MOST_BEGINNINGS + SHORTEST);
    length >= SHORTEST;
    length--
  ) {
    const beginning = readSearchText(characters.slice(0, length).join(''))
    // Without a word it was asked for in another way, so that its answer is no superset of ours.
    if (beginning !== null && beginning.words !== '') beginnings.set(beginning.key, beginning)
  }
  beginnings.delete(search.key)
  return [...beginnings.values()]
}

/** The same without marks, for addresses and for directories whose names were typed without them. */
export function plainOf(search: SearchText): SearchText {
  return toSearchText(squeeze(fold(search.text)))
}

function toSearchText(text: string): SearchText {
  return {
    text,
    key: text.toLowerCase(),
    // Marks and joiners are of no use without a letter to go with.
    words: /[\p{L}\p{N}]/u.test(text) ? squeeze(text.replaceAll(NOT_WORD, ' ')) : '',
    spelled: squeeze(text.replaceAll(NOT_SPELLED, ' ')),
  }
}

function squeeze(text: string): string {
  return text.replaceAll(/\s+/gu, ' ').trim()
}
