import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** CPU time of all threads of a process so far, in microseconds. */
export function cpuMicroseconds(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`)
  const nanoseconds = threads.map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
  )
  return nanoseconds.reduce((total, one) => total + one, 0) / 1000
}

/** Resident memory in MiB. */
export function memoryMib(pid: number): number {
  return (Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096) / 1024 / 1024
}

/** Pins a process to one core for stable figures. Does nothing without `taskset`. */
export function pin(pid: number, core: number): void {
  spawnSync('taskset', ['-acp', String(core), String(pid)])
}

/** The process id of the runtime that this process started. */
export function runtimePid(): number {
  for (const name of readdirSync('/proc').filter((one) => /^\d+$/.test(one))) {
    try {
      const status = readFileSync(`/proc/${name}/status`, 'utf8')
      const isOurs = new RegExp(`^PPid:\\s+${process.pid}$`, 'm').test(status)
      if (isOurs && /^Name:\s+workerd/m.test(status)) return Number(name)
    } catch {
      // The process has ended.
    }
  }
  throw new Error('no workerd is running')
}
