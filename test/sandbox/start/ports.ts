import { createServer } from 'node:net'
import type { SandboxHosts } from '../hosts.ts'

/** Fixed, so that bookmarks and recorded URLs hold from one start to the next. */
const USUAL: Readonly<Record<'entrada' | keyof SandboxHosts, number>> = {
  entrada: 8787,
  chat: 8788,
  control: 8789,
  login: 8791,
  graph: 8792,
  sharePoint: 8793,
  oneDrive: 8794,
  download: 8795,
  sharePointEurope: 8796,
  oneDriveEurope: 8790,
}

const STEP = 10
const ATTEMPTS = 50

export interface StartPorts {
  readonly entrada: number
  readonly sandbox: Readonly<Record<keyof SandboxHosts, number>>
}

/** The usual ports, or for each that is taken the next free one in steps of ten. */
export async function choosePorts(wantedForEntrada: number | null): Promise<StartPorts> {
  return {
    entrada: wantedForEntrada ?? (await nextFree(USUAL.entrada)),
    sandbox: {
      chat: await nextFree(USUAL.chat),
      control: await nextFree(USUAL.control),
      login: await nextFree(USUAL.login),
      graph: await nextFree(USUAL.graph),
      sharePoint: await nextFree(USUAL.sharePoint),
      oneDrive: await nextFree(USUAL.oneDrive),
      download: await nextFree(USUAL.download),
      sharePointEurope: await nextFree(USUAL.sharePointEurope),
      oneDriveEurope: await nextFree(USUAL.oneDriveEurope),
    },
  }
}

async function nextFree(usual: number): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = usual + attempt * STEP
    if (await isFree(port)) return port
  }
  throw new Error(`No port is free from ${usual} on`)
}

export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
