/**
 * Reads a zip with unzipper or fflate and prints SHA-256 by file name as JSON; `nest` prints a zip with that zip in it.
 * Started by zip_readers.py.
 */
import { createHash } from 'node:crypto'
import { createReadStream, readFileSync } from 'node:fs'
import { makeZip } from 'client-zip'
import { Unzip, unzipSync } from 'fflate'
import unzipper from 'unzipper'

const [way, path] = process.argv.slice(2)
const found = {}
const note = (name, bytes) => {
  found[name] = createHash('sha256').update(bytes).digest('hex')
}

const ways = {
  async 'unzipper-open'() {
    const { files } = await unzipper.Open.buffer(readFileSync(path))
    for (const file of files) note(file.path, await file.buffer())
  },
  async 'unzipper-parse'() {
    const entries = createReadStream(path).pipe(unzipper.Parse({ forceStream: true }))
    for await (const entry of entries) note(entry.path, await entry.buffer())
  },
  async 'fflate-sync'() {
    for (const [name, bytes] of Object.entries(unzipSync(readFileSync(path)))) note(name, bytes)
  },
  async 'fflate-stream'() {
    const unzip = new Unzip((file) => {
      const chunks = []
      file.ondata = (error, chunk, isLast) => {
        if (error !== null) throw error
        chunks.push(chunk)
        if (isLast) note(file.name, Buffer.concat(chunks))
      }
      file.start()
    })
    for await (const chunk of createReadStream(path)) unzip.push(chunk)
    unzip.push(new Uint8Array(), true)
  },
}

if (way === 'nest') {
  const input = readFileSync(path)
  for await (const chunk of makeZip([{ name: 'inner.zip', input }])) process.stdout.write(chunk)
} else {
  await ways[way]()
  process.stdout.write(JSON.stringify(found))
}
