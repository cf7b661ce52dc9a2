import { join } from 'node:path'
import { inTemporaryFolder, report } from '../in-temporary-folder.ts'

const PACKAGES = [
  'Authlib==1.9.10',
  'cryptography==50.0.2',
  'joserfc==1.8.0',
  'PyJWT==2.15.1',
  'python-jose==3.5.0',
]

const SEEN = `
Authlib             refuses: invalid_token: The token is not valid as it was issued in the future
Authlib, leeway=10  accepts
joserfc             refuses: invalid_claim: The token was issued in the future
PyJWT               refuses: The token is not yet valid (iat)
PyJWT, leeway=10    accepts
python-jose         accepts
`

const seen = inTemporaryFolder((workplace) => {
  workplace.run('python3', '-m', 'venv', 'environment')
  workplace.run('environment/bin/pip', 'install', '--quiet', ...PACKAGES)
  workplace.add(join(import.meta.dirname, 'program.py'))
  return workplace.run('environment/bin/python', 'program.py')
})
report(`A JWT whose iat is 5 seconds ahead (${PACKAGES.join(', ')})`, seen, SEEN)
