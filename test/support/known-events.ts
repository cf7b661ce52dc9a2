import { EVENTS } from '../../src/events.ts'
import type { LogEvent } from './logs.ts'

const IN_EVERY_EVENT: readonly string[] = ['level', 'event', 'requestId']

/** What the table of events does not allow of a line in the log; nothing for a line that is in order. */
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
