import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { isFree } from './ports.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const LIMITS = { timeout: 90_000 }

/** `npm start` as it is started from a shell: in a process group of its own, which Ctrl-C reaches whole. */
class Start {
  readonly process: ChildProcess
  readonly exited: Promise<number | null>
  output = ''

  constructor(environment: Readonly<Record<string, string>> = {}) {
    this.process = spawn('npm', ['start'], {
      cwd: ROOT,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1', ...environment },
    })
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.output += text))
    }
    this.exited = new Promise((resolve) => this.process.once('exit', (code) => resolve(code)))
  }

  get pid(): number {
    if (this.process.pid === undefined) throw new Error('npm did not start')
    return this.process.pid
  }

  /** Where it says Entrada is; waits until it says so. */
  async url(): Promise<string> {
    for (let waited = 0; waited < 60_000; waited += 100) {
      const [url] = /http:\/\/localhost:\d+/.exec(this.output) ?? []
      if (url !== undefined && this.output.includes('Ctrl-C')) return url
      await sleep(100)
    }
    throw new Error(`It did not come up:\n${this.output}`)
  }

  /** Living members of the process group: npm, its shell, Node and the runtime. */
  members(): readonly string[] {
    const lines = execFileSync('ps', ['-eo', 'pgid=,stat=,args='], { encoding: 'utf8' }).split('\n')
    return lines
      .map((line) => /^\s*(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [])
      .filter(([, group, state]) => Number(group) === this.pid && state?.startsWith('Z') === false)
      .map(([, , , command]) => command ?? '')
  }

  signal(signal: NodeJS.Signals, whom: 'group' | 'npm' = 'group'): void {
    process.kill(whom === 'group' ? -this.pid : this.pid, signal)
  }
}

/** A module, loaded into each Node process, that writes down whose address is looked up or connected to. */
function recorderOf(file: string): string {
  const source = `
    import { appendFileSync } from 'node:fs'
    import { Socket } from 'node:net'
    const { connect } = Socket.prototype
    Socket.prototype.connect = function (...all) {
      const [first] = all.flat()
      if (first?.port) appendFileSync(${JSON.stringify(file)}, (first.host ?? 'localhost') + '\\n')
      return connect.apply(this, all)
    }`
  return `data:text/javascript,${encodeURIComponent(source)}`
}

let started: Start | null = null

afterEach(() => {
  if ((started?.members().length ?? 0) > 0) started?.signal('SIGKILL')
  started = null
})

/** As a browser's address bar asks; `fetch` would call itself something else. */
function whereNavigationLeads(url: string): Promise<string | undefined> {
  const headers = {
    'sec-fetch-mode': 'navigate',
    'sec-fetch-dest': 'document',
    accept: 'text/html',
  }
  return new Promise((resolve, reject) => {
    get(url, { headers }, (response) => {
      response.resume()
      resolve(response.headers.location)
    }).once('error', reject)
  })
}

async function expectNothingLeft(start: Start, url: string): Promise<void> {
  for (let waited = 0; waited < 6000 && start.members().length > 0; waited += 100) await sleep(100)
  expect(start.members()).toEqual([])
  for (const address of [url, ...(start.output.match(/http:\/\/127[^\s]+/g) ?? [])]) {
    const port = Number(new URL(address).port)
    // Whoever else runs on this machine may be given a port that has just become free, for a moment.
    await expect.poll(async () => isFree(port), { timeout: 15_000 }).toBe(true)
  }
}

describe('npm start', LIMITS, () => {
  test('one URL leads to sign-in, and Ctrl-C leaves no process behind', async () => {
    started = new Start()
    const url = await started.url()
    expect(await whereNavigationLeads(url)).toContain('/.entrada/login')
    expect(started.members().join('\n')).toContain('workerd')
    started.signal('SIGINT')
    await started.exited
    await expectNothingLeft(started, url)
  })

  test('asks nobody outside this machine, and leaves no folder behind', async () => {
    const home = mkdtempSync(join(tmpdir(), 'entrada-home-'))
    const [temporary, hosts] = [join(home, 'tmp'), join(home, 'hosts')]
    const hadFolder = existsSync(join(ROOT, '.wrangler'))
    mkdirSync(temporary)
    writeFileSync(hosts, '')
    try {
      started = new Start({
        HOME: home,
        TMPDIR: temporary,
        // npm's own.
        NODE_DISABLE_COMPILE_CACHE: '1',
        // In CI npm and wrangler ask for less by themselves.
        CI: '',
        CLOUDFLARE_CF_FETCH_ENABLED: '',
        WRANGLER_SEND_METRICS: '',
        NODE_OPTIONS: `--import=${recorderOf(hosts)}`,
      })
      const url = await started.url()
      started.signal('SIGINT')
      await started.exited
      await expectNothingLeft(started, url)
      const asked = new Set(readFileSync(hosts, 'utf8').trim().split('\n'))
      expect(asked.size).toBeGreaterThan(0)
      expect([...asked].filter((host) => !/^(?:localhost|127\.0\.0\.1|::1)$/.test(host))).toEqual(
        [],
      )
      // npm may keep a log of its own.
      expect(readdirSync(home).filter((name) => name !== '.npm')).toEqual(['hosts', 'tmp'])
      expect(readdirSync(temporary)).toEqual([])
      expect(existsSync(join(ROOT, '.wrangler'))).toBe(hadFolder)
    } finally {
      rmSync(home, { recursive: true })
    }
  })

  test('a second start takes other ports, and a second Ctrl-C leaves no process behind', async () => {
    const first = new Start()
    try {
      const firstUrl = await first.url()
      started = new Start()
      const url = await started.url()
      expect(url).not.toBe(firstUrl)
      started.signal('SIGINT')
      await sleep(20)
      started.signal('SIGINT')
      await expectNothingLeft(started, url)
    } finally {
      first.signal('SIGTERM')
      await first.exited
    }
  })

  test('ends all processes when a supervisor ends npm', async () => {
    started = new Start()
    const url = await started.url()
    started.signal('SIGTERM', 'npm')
    await expectNothingLeft(started, url)
  })

  test('when the runtime ends unexpectedly, everything stops with a message', async () => {
    started = new Start()
    const url = await started.url()
    const lines = execFileSync('ps', ['-eo', 'pid=,pgid=,comm='], { encoding: 'utf8' }).split('\n')
    const runtime = lines.find(
      (line) => line.includes('workerd') && line.includes(` ${started?.pid} `),
    )
    process.kill(Number(runtime?.trim().split(/\s+/)[0]), 'SIGKILL')
    expect(await started.exited).toBe(1)
    expect(started.output).toContain('The Workers runtime ended unexpectedly.')
    await expectNothingLeft(started, url)
  })

  test('reports all problems of the settings at once, by name and with the fix', async () => {
    started = new Start({
      OPENID_CLIENT_IDD: 'unknown',
      OPENID_CLIENT_ID: '',
      OPENID_SESSION_SECRET: 'weak',
      DOMAIN_SERVER: 'http://chat.example.com',
      OPENID_BUTTON_LABEL: 'Sign in',
    })
    expect(await started.exited).toBe(1)
    const { output } = started
    expect(output).toMatch(/OPENID_CLIENT_IDD: is not a setting.+Did you mean OPENID_CLIENT_ID\?/)
    expect(output).toMatch(/OPENID_CLIENT_ID: is missing\..+/)
    expect(output).toMatch(/OPENID_SESSION_SECRET: .*shorter than 32 characters\..+/)
    expect(output).toMatch(/DOMAIN_SERVER: is plain http\. Use https.+/)
    expect(output).toContain('Warning: OPENID_BUTTON_LABEL has no effect here.')
    expect(output).not.toContain('weak\n')
    expect(started.members()).toEqual([])
  })

  test('refuses the sandbox tenant together with a public address', async () => {
    started = new Start({ DOMAIN_SERVER: 'https://chat.contoso.example' })
    expect(await started.exited).toBe(1)
    expect(started.output).toContain(
      'DOMAIN_SERVER is a public address and the tenant is the sandbox',
    )
  })
})
