/** The time in whole seconds, as tokens, cookies and rows have it. */
export function epochSeconds(): number {
  return Math.floor(Date.now() / 1000)
}
