import { styleText } from 'node:util'
import type { SandboxHosts } from '../hosts.ts'

export function banner(publicUrl: string, hosts: SandboxHosts, isSandboxTenant: boolean): string {
  const lines = [
    `  ${styleText('bold', 'Entrada')}  ${styleText(['cyan', 'underline'], publicUrl)}`,
    '',
    ...(isSandboxTenant
      ? [
          dim(
            '  Sign in as anyone on the list, no password. The tenant is made up and lives in memory.',
          ),
          dim(`  To make things go wrong: ${hosts.control}`),
        ]
      : [dim('  The tenant is the one you have set; the chat behind it is the demo.')]),
    dim('  Ctrl-C stops everything.'),
  ]
  return `\n${lines.join('\n')}\n`
}

export function misconfigured(report: string): string {
  const lines = report.split('\n').map((line) => `  ${line}`)
  const advice = dim('  Settings come from .dev.vars and the environment; docs are in the README.')
  return [
    styleText('bold', '  Entrada does not start with these settings:'),
    '',
    ...lines,
    '',
    advice,
  ].join('\n')
}

export function stopped(reason: string): string {
  return `  ${styleText('bold', 'Stopped.')} ${reason}`
}

/** Warnings and errors of Entrada, one line each; the rest of its log is for an operator's search. */
export function logLine(line: string): string | null {
  const event = readEvent(line)
  if (event === null) return `  ${line.trimEnd()}`
  const { level, event: name, requestId: _, ...fields } = event
  if (level !== 'warn' && level !== 'error') return null
  const words = Object.entries(fields).map(([key, value]) => `${key}=${String(value)}`)
  return dim(`  ${String(level)} ${String(name)} ${words.join(' ')}`)
}

/** The report inside a `misconfigured` event: the only place for it when the address itself is wrong. */
export function reportIn(line: string): string | null {
  const event = readEvent(line)
  return event?.['event'] === 'misconfigured' && typeof event['report'] === 'string'
    ? event['report']
    : null
}

function readEvent(line: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? { ...value } : null
  } catch {
    return null
  }
}

function dim(text: string): string {
  return styleText('dim', text)
}
