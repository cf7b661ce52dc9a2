import { Hono } from 'hono'
import { csrf } from 'hono/csrf'
import { streamSSE } from 'hono/streaming'
import { FAULTS, type FaultName, isFaultName } from '../faults.ts'
import type { HostHandler, SandboxWorld } from '../sandbox.ts'
import { controlPage, CONTROL_ASSETS } from './control-page.ts'
import { readFaultForm, readFaultJson } from './fault-setting.ts'
import { requestLine, requestLines } from './request-lines.ts'

const LOOK_EVERY_MS = 400

/** The switchboard: everything that can go wrong at Microsoft, and what has been asked of it lately. */
export function createControl(world: SandboxWorld): HostHandler {
  const control = new Hono()
  // A page on the web must not be able to switch faults on behind a developer's back.
  control.on('POST', '*', csrf())

  control.get('/', (c) => c.html(controlPage(world)))
  for (const [path, asset] of CONTROL_ASSETS) {
    control.get(path, (c) => c.body(asset.text, 200, { 'content-type': asset.type }))
  }

  control.post('/faults/:name/on', async (c) => {
    const name = c.req.param('name')
    if (!isFaultName(name)) return c.notFound()
    const setting = readFaultForm(await c.req.formData())
    if (setting === null) return c.text('Counts and delays are whole numbers.', 400)
    world.faults.set(name, setting)
    return c.redirect(`/#${name}`, 303)
  })
  control.post('/faults/:name/off', (c) => {
    const name = c.req.param('name')
    if (!isFaultName(name)) return c.notFound()
    world.faults.clear(name)
    return c.redirect(`/#${name}`, 303)
  })
  control.post('/faults/off', (c) => {
    world.faults.clear()
    return c.redirect('/', 303)
  })

  control.get('/faults', (c) =>
    c.json({ faults: Object.keys(FAULTS).filter(isFaultName).map(faultJson) }),
  )
  control.put('/faults/:name', async (c) => {
    const name = c.req.param('name')
    if (!isFaultName(name)) return c.json({ error: `no fault is called ${name}` }, 404)
    const setting = readFaultJson(await c.req.text())
    if (setting === null) return c.json({ error: 'times, delayMs, retryAfterSeconds, userId' }, 400)
    world.faults.set(name, setting)
    return c.json(faultJson(name))
  })
  control.delete('/faults/:name', (c) => {
    const name = c.req.param('name')
    if (!isFaultName(name)) return c.json({ error: `no fault is called ${name}` }, 404)
    world.faults.clear(name)
    return c.json(faultJson(name))
  })
  control.delete('/faults', (c) => {
    world.faults.clear()
    return c.body(null, 204)
  })

  control.get('/requests', (c) => c.json({ requests: requestLines(world.journal.all) }))
  control.get('/requests/stream', (c) =>
    streamSSE(c, async (stream) => {
      let seen = world.journal.all.length
      while (!stream.aborted) {
        const all = world.journal.all
        for (const entry of all.slice(seen)) {
          const line = requestLine(entry)
          if (line !== null) await stream.writeSSE({ data: JSON.stringify(line) })
        }
        seen = all.length
        await stream.sleep(LOOK_EVERY_MS)
      }
    }),
  )

  function faultJson(name: FaultName) {
    const setting = world.faults.list().get(name)
    if (setting === undefined) return { name, description: FAULTS[name], on: false }
    // JSON has no infinity: `null` means until it is switched off.
    const times = Number.isFinite(setting.times) ? setting.times : null
    return { name, description: FAULTS[name], on: true, ...setting, times }
  }

  return (request) => control.fetch(request)
}
