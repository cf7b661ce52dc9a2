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
