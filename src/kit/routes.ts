import { Hono } from 'hono/tiny'
import type { EdgeEnv } from '../edge-env.ts'
import { KIT_SCRIPT } from './kit-script.ts'

/** `GET /kit.js`: what runs in the chat's pages. The same for everybody, and nothing in it is secret. */
export function kitRoutes() {
  return new Hono<EdgeEnv>().get('/kit.js', (c) =>
    c.body(KIT_SCRIPT, 200, {
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=3600',
      'cross-origin-resource-policy': 'same-origin',
    }),
  )
}
