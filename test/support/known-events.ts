import { EVENTS } from '../../src/events.ts'
import type { LogEvent } from './logs.ts'

const IN_EVERY_EVENT: readonly string[] = ['level', 'event', 'requestId']

/** The names in a log line that the table of events does not list; empty when all are listed. */
export function unknownParts(line: LogEvent): readonly string[] {
  const { event: name, level } = line
  const known = Object.entries(EVENTS).find(([one]) => one === name)?.[1]
  if (known === undefined) return [`event ${String(name)}`]
  const allowed = [...IN_EVERY_EVENT, ...known.fields, ...(level === 'error' ? ['cause'] : [])]
  return [
    ...(known.level === level ? [] : [`${String(name)} at level ${String(level)}`]),
    ...Object.keys(line)
      .filter((field) => !allowed.includes(field))
      .map((field) => `${String(name)}.${field}`),
  ]
}
