import { join } from 'node:path'
import { inTemporaryFolder, installFromNpm, report } from '../in-temporary-folder.ts'

const PACKAGES = ['client-zip@2.5.1']

const SEEN = `
ZipFile        reads hello
ZipInputStream refuses: only DEFLATED entries can have EXT descriptor
`

const { seen, version } = inTemporaryFolder((workplace) => {
  installFromNpm(workplace, PACKAGES)
  workplace.add(join(import.meta.dirname, 'write-zip.js'))
  workplace.add(join(import.meta.dirname, 'ReadZip.java'))
  workplace.run('node', 'write-zip.js')
  // Needs a JDK, version 11 or later: it compiles the program itself.
  return {
    seen: workplace.run('java', 'ReadZip.java'),
    version: workplace.run('java', '--version').split('\n')[0],
  }
})
report(`A zip that was written as a stream (${PACKAGES.join(', ')}; ${version})`, seen, SEEN)
