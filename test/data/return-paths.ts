import { readFileSync, writeFileSync } from 'node:fs'

/*
 * Return addresses as attackers write them, one JSON string a line in return-paths.txt: every way to begin an
 * address that is not a path, times every way to name another host, and what cannot be made by multiplying.
 * Made by `node test/data/return-paths.ts`; a test holds the file to it.
 */

const HOST = 'evil.example'

/** None of these holds a space. */
function words(text: string): readonly string[] {
  return text.split(' ')
}

/** What browsers, parsers or frameworks have taken for the beginning of another origin. */
const BEGINNINGS = [
  ...words('// /// //// ///// \\\\ /\\ \\/ /\\/ \\/\\/ //\\ \\\\/ /\\\\/ https:// http:// https:'),
  ...words('https:/ https:\\\\ HtTpS:// https:/// //https:// http:\\\\ https://\\ wss:// ftp://'),
  ...words('https:%2f%2f https%3A%2F%2F https&colon;// /%2f /%2F/ /%5c %2f%2f %2f/ %5c%5c'),
  ...words('/%5C%5C /%2f%5c %252f%252f /%252f /%09/ /%0a/ /%0d/ /%0d%0a/ /%00/ /%20/ /%e2%80%8b/'),
  ...words('//%00 //%09 //%5c /\t/ /\n/ /\r/ /\r\n/ \t// \n// /\u0000/ /\u000b/ /\u001f/'),
  ...words('/\u007f/ /\u0085/ \u00a0// /\u00a0/ \ufeff// /\ufeff/ /\u200b/ /\u202e/ \uff0f\uff0f'),
  ...words('/\uff0f /\u2044 /\u2215 /\u29f8 /\u3002/ \u2571\u2571 /\uff3c /.// /..// /./..//'),
  ...words('/a/..// /%2e// /%2e%2e// /.%2e// /a/%2e%2e// /;// /..;// /.;// /#// /?// ?// #// .//'),
  ...words('..// ~// @ /@ :@ //@ /%23// /%3f// /%3b// /%40 /%c0%af/ /%c1%9c /%ef%bc%8f /%u002f'),
  ...words('/&#47;'),
  ' //',
  '/ /',
]

/** Ways to write where it should lead. */
const HOSTS = [
  HOST,
  `${HOST}/x`,
  `${HOST}:443/`,
  `user:pass@${HOST}`,
  `chat.contoso.example@${HOST}`,
]

/** Values of which each is its own idea. */
const SINGLE = [
  ...words('javascript:alert(1) JaVaScRiPt:alert(1) java\tscript:alert(1) java\nscript:alert(1)'),
  ...words('javascript://evil.example/%0aalert(1) \u0001javascript:alert(1) vbscript:msgbox(1)'),
  ...words('data:text/html,<script>alert(1)</script> data:text/html;base64,PHNjcmlwdD4='),
  ...words('blob:https://x file:///etc/passwd about:blank mailto:a@b.example'),
  ...words('intent://x#Intent;end view-source:x //127.0.0.1 //2130706433 //0x7f000001'),
  ...words('//0177.0.0.1 //127.1 //[::1] //[::ffff:7f00:1] //[fe80::1%25eth0]/ //0 //localhost'),
  ...words('//evil%2eexample //evil%E3%80%82example //evil\u3002example //\u24d4\u24e5il.example'),
  ...words('//\u0435vil.example //xn--vil-qdd.example //chat.contoso.example.evil.example'),
  ...words('//evil.example#chat.contoso.example //evil.example?chat.contoso.example'),
  ...words('//evil.example\\chat.contoso.example //chat.contoso.example:8443'),
  ...words('http://chat.contoso.example/ https://chat.contoso.example'),
  ...words('https://chat.contoso.example/c/1 https://CHAT.contoso.example/'),
  ...words('https://chat.contoso.example./ https://chat.contoso.example:443/c'),
  ...words('https://chat.contoso.example%2eevil.example'),
  ...words('https://chat.contoso.example\u0000.evil.example //chat.contoso.example@evil.example/'),
  ...words('https://chat.contoso.example:pass@evil.example/ /login/../..//evil.example'),
  ...words('/a/b/../../..//evil.example /%2e%2e/%2e%2e//evil.example /c/1?next=//evil.example'),
  ...words('/c/1?next=https://evil.example /c/1#//evil.example /c/1;//evil.example /\u0000'),
  ...words('\u0000/ /%00 /a\u0000b /a%0d%0aset-cookie:%20a=b /a%0aset-cookie:a'),
  ...words('/\u2028//evil.example /\u2029//evil.example . .. / // /// \\ \\\\ ? # % /% /%zz /%1'),
  ...words('* null undefined c/1 evil.example evil.example/path ./c ../c ?a=b #a & ; : :: [ ]'),
  ...words('//[ //] //[evil.example] //:80 //:@/ //? //# https:// https: //. /.entrada/login'),
  ...words('/.entrada/login?return_to=//evil.example /.entrada/logout /.entrada/consent'),
  ...words('/.entrada/signed-out /oauth/openid/callback?code=a&state=b'),
  ...words('/.entrada/../.entrada/login /a/../.entrada/login /%2eentrada/login /.entrada/./login'),
  ...words('/.entrada//login \ud800 /\ud800 /\udfff//evil.example \u202e/\u202d'),
  ...words('/\u0000//evil.example /\u{1f4a9}//'),
  '/a\r\nlocation: https://evil.example',
  '/a\nset-cookie: a=b',
  '',
  ' ',
]

/** Longer than anything a browser will be sent to; each would be another value if it were cut. */
const LONG = [2049, 3000].flatMap((length) => [
  `/${'a'.repeat(length)}`,
  `/?q=${'a'.repeat(length)}`,
  `//evil.example/${'a'.repeat(length)}`,
  `/${'/'.repeat(length)}evil.example`,
  `/${'../'.repeat(length / 3)}/evil.example`,
])

export function returnPaths(): readonly string[] {
  const multiplied = BEGINNINGS.flatMap((beginning) => HOSTS.map((host) => `${beginning}${host}`))
  return [...new Set([...multiplied, ...SINGLE, ...LONG])]
}

const FILE = new URL('return-paths.txt', import.meta.url)

/** The values of the file. */
export function readReturnPaths(): readonly string[] {
  const lines = readFileSync(FILE, 'utf8').trimEnd().split('\n')
  return lines.map((line): string => {
    const value: unknown = JSON.parse(line)
    if (typeof value !== 'string') throw new Error(`not a string: ${line}`)
    return value
  })
}

if (import.meta.main) {
  const lines = returnPaths().map((value) => JSON.stringify(value).replaceAll(/[^ -~]/g, escaped))
  writeFileSync(FILE, `${lines.join('\n')}\n`)
}

/** Nothing in the file is invisible or turns the reading direction around. */
function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
}
