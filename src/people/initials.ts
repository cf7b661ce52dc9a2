/** A picture for who has none: up to two letters on a colour that stays the same for the same person. */
export function drawInitials(name: string | null, id: string, side: number): string {
  const letters = initialsOf(name ?? '')
  const figure =
    letters === ''
      ? '<circle cx="50" cy="38" r="18"/><circle cx="50" cy="100" r="36"/>'
      : `<text x="50" y="65" font-family="system-ui,sans-serif" font-size="42" text-anchor="middle">${letters}</text>`
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}" viewBox="0 0 100 100"><rect width="100" height="100" fill="hsl(${hueOf(id)} 45% 38%)"/><g fill="#fff">${figure}</g></svg>`
}

/**
 * First and last word; one letter for names without spaces, as in Chinese or Thai. Letters and their marks
 * alone, so that nothing in them is markup.
 */
export function initialsOf(name: string): string {
  const letters = name.split(/[\s,]+/u).flatMap((word) => /\p{L}\p{M}*/u.exec(word)?.[0] ?? [])
  const ends = [...letters.slice(0, 1), ...letters.slice(1).slice(-1)]
  return ends.join('').toUpperCase().normalize('NFC')
}

function hueOf(id: string): number {
  return Number.parseInt(id.slice(-6), 16) % 360
}
