import { createServer, type Server } from 'node:http'

export interface HostSetup {
  /** Site whose picker is opened. */
  readonly base: string
  /** Form fields posted to the picker. */
  readonly token: string
  /** Overrides of the default options. */
  readonly options: Readonly<Record<string, unknown>>
  readonly timeouts?: Readonly<Record<string, number>>
  readonly acknowledges?: boolean
  readonly pickResult?: 'unusableItem'
}

/** Messages that the picker sent over its port. */
export interface Told {
  readonly type: string
  readonly data?: {
    readonly command?: string
    readonly notification?: string
    readonly resource?: string
    readonly claimsChallenge?: { readonly claims: string }
    readonly expiration?: { readonly error: string }
    readonly items?: readonly {
      readonly id: string
      readonly name: string
      readonly parentReference: { readonly driveId: string }
    }[]
  }
}

export interface PickerHost {
  /** On `localhost`: cross-site to the sandbox's 127.0.0.1, as a chat is to SharePoint. */
  readonly origin: string
  close(): void
}

export async function servePickerHost(setup: HostSetup): Promise<PickerHost> {
  const page = hostPage(setup)
  const server: Server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8').end(page)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : null
  return {
    origin: `http://localhost:${port}`,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

/** A minimal page that hosts the picker, independent of Entrada's own. It records every message. */
function hostPage(setup: HostSetup): string {
  const json = JSON.stringify(setup).replaceAll('<', String.raw`\u003c`)
  return `<!doctype html>
<iframe name="picker" style="width: 1000px; height: 640px"></iframe>
<script type="module">
const setup = ${json}
const channelId = crypto.randomUUID()
const frame = document.querySelector('iframe')
window.told = []
window.hellos = 0
window.strays = 0
frame.addEventListener('load', () => (window.hasLoaded = true))

addEventListener('message', ({ source, origin, data, ports: [port] }) => {
  const isHello = data?.type === 'initialize' && data.channelId === channelId && port !== undefined
  if (source !== frame.contentWindow || origin !== new URL(setup.base).origin || !isHello) {
    window.strays += 1
    return
  }
  window.hellos += 1
  port.onmessage = async ({ data: message }) => {
    window.told.push(message)
    if (message.type !== 'command') return
    if (setup.acknowledges !== false) port.postMessage({ type: 'acknowledge', id: message.id })
    port.postMessage({ type: 'result', id: message.id, data: await resultOf(message.data) })
  }
  port.postMessage({ type: 'activate' })
})

async function resultOf({ command, resource }) {
  if (command === 'close') return { result: 'success' }
  if (command === 'pick' && !setup.pickResult) return { result: 'success' }
  if (command === 'pick') return error(setup.pickResult, 'Not that one.')
  if (command !== 'authenticate') return error('unsupportedCommand', 'What is that?')
  const token = await window.tokenFor(resource)
  return token === null ? error('unableToObtainToken', 'No token for you.') : { result: 'token', token }
}

function error(code, message) {
  return { result: 'error', error: { code, message } }
}

const url = new URL(setup.base + '/_layouts/15/FilePicker.aspx')
url.searchParams.set('locale', 'en-us')
url.searchParams.set('filePicker', JSON.stringify({
  sdk: '8.0',
  messaging: { origin: location.origin, channelId, ...setup.timeouts },
  entry: { oneDrive: { files: {} } },
  authentication: {},
  selection: { mode: 'multiple', maximumCount: 10 },
  typesAndSources: { mode: 'files' },
  ...setup.options,
}))
const form = Object.assign(document.createElement('form'), { method: 'post', action: url.href, target: 'picker' })
form.append(Object.assign(document.createElement('input'), { name: 'access_token', value: setup.token }))
document.body.append(form)
form.submit()
</script>`
}
