import { expect, test } from 'vitest'
import { routedPath } from '../../src/http/request-metadata.ts'

test.each([
  '/api/auth/graph-token',
  '/API/Auth/graph-TOKEN',
  '/api/auth/graph-token/',
  '/api/auth/graph-token//',
  '//api///auth/graph-token',
  '/api/auth/graph%2Dtoken',
  '/api/auth/graph%2dtoken',
  '/api/auth/graph%252dtoken',
  '/%61pi/auth%2Fgraph-token',
  '/api/auth%5cgraph-token',
  '/api/x/..%2fauth/graph-token',
  '/api/%2e/auth/graph-token',
  '/api/x/%252e%252e/auth/graph-token',
  '/api;v=1/auth/graph-token;x',
  '/api/.;x/auth/graph-token',
  '/api/..;/api/auth/graph-token',
])('%s is LibreChat’s graph-token', (path) => {
  expect(routedPath(path)).toBe('/api/auth/graph-token')
})

test.each([
  ['/', '/'],
  ['//', '/'],
  ['/..', '/'],
  ['/%', '/%'],
  ['/%zz%4', '/%zz%4'],
  ['/a%00b', '/a\0b'],
  ['/C/42', '/c/42'],
  ['/api/auth/graph-token/x', '/api/auth/graph-token/x'],
  ['/api/auth/graph-tokens', '/api/auth/graph-tokens'],
  ['/.entrada/login', '/.entrada/login'],
])('%s is not changed: %s', (path, routed) => {
  expect(routedPath(path)).toBe(routed)
})
