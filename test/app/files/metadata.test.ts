import { describe, expect, test } from 'vitest'
import { aFilesScene, fileOf, pathOf, type FileName } from './fixture.ts'

describe('a file’s metadata', () => {
  test('comes from Graph and not from the browser', async () => {
    const scene = await aFilesScene()
    const item = fileOf(scene, 'report')
    const response = await scene.browser.fetch(`${pathOf(item)}?name=evil.exe&size=1`)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await response.json()).toMatchObject({
      driveId: item.driveId,
      id: item.id,
      name: 'Quarterly report.docx',
      size: 48_211,
      state: 'available',
      downloadable: true,
      problem: null,
      hashes: { quickXorHash: expect.any(String) },
    })
  })

  test('describes the target of a shortcut', async () => {
    const scene = await aFilesScene()
    const target = scene.entrada.sandbox.drives.at(
      scene.entrada.sandbox.drives.siteDrive('Marketing'),
      'Plans/Marketing plan.docx',
    )
    const response = await scene.browser.fetch(pathOf(fileOf(scene, 'shortcut')))
    expect(await response.json()).toMatchObject({
      driveId: target.driveId,
      id: target.id,
      size: 70_000,
      downloadable: true,
    })
  })

  test.each<[FileName, string, string | null]>([
    ['malware', 'infected', 'file_infected'],
    ['notebook', 'package', 'file_not_downloadable'],
    ['folder', 'folder', 'file_not_downloadable'],
    ['folderShortcut', 'folder', 'file_not_downloadable'],
    ['archive', 'available', 'file_too_large'],
    ['checkedOut', 'checked_out', null],
  ])('of %s names its state and the problem of a download', async (name, state, code) => {
    const scene = await aFilesScene()
    const response = await scene.browser.fetch(pathOf(fileOf(scene, name)))
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({
      state,
      downloadable: code === null,
      problem: code === null ? null : { code },
    })
  })
})
