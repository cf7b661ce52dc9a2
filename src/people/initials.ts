/** A picture for who has none: up to two letters on a colour that stays the same for the same person. */
export function drawInitials(name: string | null, id: string, side: number): string {
  const letters = name === null ? '' : initialsOf(name)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}" viewBox="0 0 100 100">`,
    `<rect width="100" height="100" fill="hsl(${hueOf(id)} 45% 38%)"/>`,
    letters === ''
      ? '<g fill="#fff"><circle cx="50" cy="38" r="18"/><path d="M14 100a36 36 0 0 1 72 0z"/></g>'
      : `<text x="50" y="50" dy=".36em" fill="#fff" font-family="system-ui,sans-serif" font-size="${letters.length > 1 ? 40 : 48}" text-anchor="middle">${escapeXml(letters)}</text>`,
    '</svg>',
  ].join('')
}

/** First and last word; one letter for names without spaces, as in Chinese or Thai. */
export function initialsOf(name: string): string {
  const words = name.split(/[\s,]+/u).flatMap((word) => /\p{L}\p{M}*/u.exec(word)?.[0] ?? [])
  const [first = ''] = words
  const last = words.length > 1 ? (words.at(-1) ?? '') : ''
  return (first + last).toUpperCase().normalize('NFC')
}

function hueOf(id: string): number {
  return Number.parseInt(id.slice(-6), 16) % 360
}

function escapeXml(text: string): string {
  return text.replaceAll(/[<>&"']/g, (char) => `&#${char.charCodeAt(0)};`)
}
