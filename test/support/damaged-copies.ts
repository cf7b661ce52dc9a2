const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/**
 * Copies of a base64url text, each with one bit of one character changed: of its code, and of the value that it
 * stands for. The latter reaches the spare bits of the last character.
 */
export function damagedCopies(text: string): readonly string[] {
  return Array.from(text).flatMap((char, index) => {
    const neighbours = [
      String.fromCharCode((char.codePointAt(0) ?? 0) ^ 1),
      BASE64URL[BASE64URL.indexOf(char) ^ 1] ?? '',
    ]
    return neighbours.map((other) => text.slice(0, index) + other + text.slice(index + 1))
  })
}
