import { expect, test } from 'vitest'
import { scriptPermissionOf } from '../../src/proxy/page-script.ts'

const HOME = 'https://chat.contoso.example'

test.each([
  ['no policy', null],
  ['one that says nothing of scripts', "img-src 'self'; frame-ancestors 'none'"],
  ["script-src 'self'", "script-src 'self'"],
  ["default-src 'self'", "default-src 'self'; img-src *"],
  ['any host', 'script-src *'],
  ['any host over https', 'script-src https:'],
  ['this origin by name', `script-src ${HOME} https://cdn.example`],
  ['this host by name', 'script-src chat.contoso.example'],
  ['other letter case', "SCRIPT-SRC 'SELF'"],
  ['elements before scripts', "script-src 'none'; script-src-elem 'self'"],
  ['the first of two alike', "script-src 'self'; script-src 'none'"],
  ['two policies that agree', "script-src 'self', default-src https:"],
  ['a sandbox with scripts', "sandbox allow-scripts allow-forms; script-src 'self'"],
])('%s allows the page script', (_case, header) => {
  expect(scriptPermissionOf(header, HOME)).toEqual({ allowed: true, nonce: null })
})

test.each([
  ['no scripts', "script-src 'none'"],
  ['nothing at all', "default-src 'none'"],
  ['an empty list', 'script-src'],
  ['other hosts alone', 'script-src https://cdn.example'],
  ['a path of this host alone', `script-src ${HOME}/app/`],
  ['hashes alone', "script-src 'sha256-AAAA'"],
  ['elements stricter than scripts', "script-src 'self'; script-src-elem 'none'"],
  ['strict-dynamic, where addresses count for nothing', "script-src 'self' 'strict-dynamic'"],
  ['a second policy', "script-src 'self', script-src 'none'"],
  ['two nonces of two policies', "script-src 'nonce-abc', script-src 'nonce-def'"],
  ['a sandbox without scripts', "sandbox; script-src 'self'"],
  ['a nonce that would leave its attribute', `script-src 'nonce-"><img src=x>'`],
])('%s forbids the page script', (_case, header) => {
  expect(scriptPermissionOf(header, HOME)).toEqual({ allowed: false })
})

test.each([
  ['a nonce alone', "script-src 'nonce-r4nd0m=='"],
  ['a nonce with strict-dynamic', "script-src 'strict-dynamic' 'nonce-r4nd0m==' https:"],
  ['a nonce in one of two policies', "script-src 'nonce-r4nd0m==', default-src 'self'"],
])('%s: the nonce is used', (_case, header) => {
  expect(scriptPermissionOf(header, HOME)).toEqual({ allowed: true, nonce: 'r4nd0m==' })
})
