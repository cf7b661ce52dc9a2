import { MICROSOFT_HOSTS } from '../../sandbox/hosts.ts'
import type { HostHandler } from '../../sandbox/sandbox.ts'
import { clock } from '../../support/clock.ts'
import { bodySha256, contentPathOf, fileOf, type FileName, type FilesScene } from './fixture.ts'
import { problemOf } from '../../support/scene.ts'

/** Rejects when the transfer ends before its declared length, as a browser does. */
export async function readWhole(response: Response): Promise<string> {
  return clock.runOut(bodySha256(response))
}

export async function results({ entrada }: FilesScene): Promise<readonly unknown[]> {
  await clock.runOut(entrada.platform.settle())
  return entrada.logs.events('file_downloaded').map((event) => event['result'])
}

/** Replaces Microsoft's download host. */
export function withDownloadHost(handler: HostHandler) {
  return { hosts: { [MICROSOFT_HOSTS.download]: handler } }
}

/** The response and problem of a refused download. */
export async function refusal(scene: FilesScene, name: FileName = 'report') {
  const response = await clock.runOut(scene.browser.fetch(contentPathOf(fileOf(scene, name))))
  return { response, problem: await problemOf(response) }
}
