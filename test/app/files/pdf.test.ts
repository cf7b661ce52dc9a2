import { describe, expect, test } from 'vitest'
import { aFilesScene, bodySha256, bytesOf, contentPathOf, fileOf, sha256 } from './fixture.ts'
import { problemOf } from '../../support/scene.ts'

describe('a PDF conversion', () => {
  test('of a document is made by Microsoft and named .pdf', async () => {
    const scene = await aFilesScene()
    const item = fileOf(scene, 'report')
    const response = await scene.browser.fetch(`${contentPathOf(item)}?format=pdf`)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/pdf')
    expect(response.headers.get('content-disposition')).toContain('"Quarterly report.pdf"')
    expect(response.headers.get('etag')).toMatch(/\+pdf"$/)
    const pdf = Buffer.from(await response.arrayBuffer())
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-')
  })

  test('of a PDF is the file itself', async () => {
    const scene = await aFilesScene()
    const item = fileOf(scene, 'pdf')
    const response = await scene.browser.fetch(`${contentPathOf(item)}?format=pdf`)
    expect(await bodySha256(response)).toBe(sha256(await bytesOf(scene, item)))
  })

  test('of a picture is refused without asking Microsoft', async () => {
    const scene = await aFilesScene()
    const response = await scene.browser.fetch(
      `${contentPathOf(fileOf(scene, 'image'))}?format=pdf`,
    )
    expect(response.status).toBe(406)
    expect(await problemOf(response)).toMatchObject({ code: 'file_not_convertible' })
    expect(scene.entrada.sandbox.drives.downloads.issued).toEqual([])
  })

  test.each(['docx', 'PDF', 'html', '../x', ''])(
    'is the only format: refuses %s',
    async (format) => {
      const scene = await aFilesScene()
      const path = `${contentPathOf(fileOf(scene, 'report'))}?format=${encodeURIComponent(format)}`
      const response = await scene.browser.fetch(path)
      expect(response.status).toBe(400)
      expect(await problemOf(response)).toMatchObject({ code: 'invalid_request' })
    },
  )
})
