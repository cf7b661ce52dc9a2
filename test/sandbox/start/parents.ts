import { execFileSync } from 'node:child_process'

const LOOK_EVERY_MS = 500

/**
 * Tells when whoever started this is gone. npm ends its shell on SIGTERM and forgets the process below
 * it, and an npm that is killed takes not even the shell along: without this, both leave ports behind.
 */
export function whenParentsAreGone(then: () => void): void {
  const parent = process.ppid
  const npm = process.env['npm_lifecycle_event'] === undefined ? null : parentOfShell(parent)
  const timer = setInterval(() => {
    if (process.ppid === parent && (npm === null || isAlive(npm))) return
    clearInterval(timer)
    then()
  }, LOOK_EVERY_MS)
  timer.unref()
}

/** npm's own id, when it put a shell in between; some shells step aside, and then npm is the parent. */
function parentOfShell(pid: number): number | null {
  try {
    const line = execFileSync('ps', ['-o', 'ppid=,comm=', '-p', String(pid)], { encoding: 'utf8' })
    const [, parent, command] = /^\s*(\d+)\s+(.+?)\s*$/.exec(line) ?? []
    return /^(?:.*\/)?-?(?:ba|da|z)?sh$/.test(command ?? '') ? Number(parent) : null
  } catch {
    // No `ps`, as in a slim container: the direct parent has to do.
    return null
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
