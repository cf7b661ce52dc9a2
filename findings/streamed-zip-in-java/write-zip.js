import { writeFileSync } from 'node:fs'
import { makeZip } from 'client-zip'

const files = [{ name: 'a.txt', input: 'hello', lastModified: new Date(0) }]
writeFileSync('streamed.zip', Buffer.from(await new Response(makeZip(files)).arrayBuffer()))
