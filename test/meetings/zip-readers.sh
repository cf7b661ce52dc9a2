#!/bin/sh
# Reads an archive of Entrada with common zip readers: Info-ZIP, Python, Java, unzipper, fflate, busybox and bsdtar,
# each from a file or as a stream. Needs npm's registry and the Debian packages unzip, busybox, libarchive-tools,
# python3 and a JDK of 17 or later, so it runs outside CI:
#   sh test/meetings/zip-readers.sh
# Prints a Markdown table; docs/archive.md keeps it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
folder=$(mktemp -d)
started=
clean() {
  [ -z "$started" ] || kill "$started" 2>/dev/null || true
  rm -rf "$folder"
}
trap clean EXIT
trap 'exit 1' INT TERM

cat >"$folder/zip-readers.mjs" <<'SCRIPT'
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
SCRIPT
npm install --silent --no-audit --no-fund --prefix "$folder" \
  'client-zip@2.5.1' 'unzipper@0.12.5' 'fflate@0.8.3' >"$folder/npm.log" 2>&1

# A document, a text, an empty file, a picture and a film of 8 MiB.
MEETING_ITEMS=$(cd "$root" && node --input-type=module -e "
  import { CAST } from './test/sandbox/directory/cast.ts'
  import { ADELE_FILES } from './test/sandbox/drives/cast-files.ts'
  import { createSandbox } from './test/sandbox/sandbox.ts'
  const { drives } = createSandbox()
  const drive = drives.oneDriveOf(CAST.adele.id)
  const names = ['report', 'text', 'empty', 'image', 'recording']
  const items = names.map((name) => drives.at(drive, ADELE_FILES[name]))
  console.log(JSON.stringify(items.map(({ driveId, id }) => ({ driveId, id }))))
")
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
export MEETING_ITEMS MEETING_FOLDER="$folder" MEETING_ORIGIN="http://localhost:$port"
DOMAIN_SERVER="$MEETING_ORIGIN" node "$root/test/sandbox/start.ts" >"$folder/entrada.log" 2>&1 &
started=$!
for _ in $(seq 60); do
  if python3 -c "import urllib.request; urllib.request.urlopen('$MEETING_ORIGIN/.entrada/health')" 2>/dev/null; then
    python3 "$here/zip_readers.py"
    exit
  fi
  sleep 1
done
cat "$folder/entrada.log" >&2
exit 1
