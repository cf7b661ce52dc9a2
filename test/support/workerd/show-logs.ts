import { afterEach, beforeEach } from 'vitest'
import { servedLogs } from './served-entrada.ts'

beforeEach(() => {
  for (const logs of servedLogs) logs.clear()
})

afterEach(({ task }) => {
  if (task.result?.state !== 'fail') return
  for (const logs of servedLogs) if (logs.text !== '') console.log(logs.text)
})
