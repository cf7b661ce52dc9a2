import { styleText } from 'node:util'
import type { SandboxHosts } from '../hosts.ts'

export function banner(publicUrl: string, hosts: SandboxHosts, isSandboxTenant: boolean): string {
  const lines = [
    `  ${styleText('bold', 'Entrada')}  ${styleText(['cyan', 'underline'], publicUrl)}`,
    '',
    ...(isSandboxTenant
      ? [
          dim(
            '  Sign in as anyone on the list, without a password. The tenant is simulated, in memory.',
          ),
          dim(`  To simulate Microsoft failures: ${hosts.control}`),
        ]
      : [dim('  The tenant is the one of your settings. The chat is the demo chat.')]),
    dim('  Press Ctrl-C to stop.'),
  ]
  return `\n${lines.join('\n')}\n`
}

export function misconfigured(report: string): string {
  const lines = report.split('\n').map((line) => `  ${line}`)
  const advice = dim('  Settings come from .dev.vars and the environment. The README lists them.')
  return [
    styleText('bold', '  Entrada cannot start with these settings:'),
    '',
    ...lines,
    '',
    advice,
  ].join('\n')
}

export function stopped(reason: string): string {
  return `  ${styleText('bold', 'Stopped.')} ${reason}`
}

/** A line for each warning and error of Entrada; `null` for the rest of its log. */
export function logLine(line: string): string | null {
  const event = readEvent(line)
  if (event === null) return `  ${line.trimEnd()}`
  const { level, event: name, requestId: _, ...fields } = event
  if (level !== 'warn' && level !== 'error') return null
  const words = Object.entries(fields).map(([key, value]) => `${key}=${String(value)}`)
  return dim(`  ${String(level)} ${String(name)} ${words.join(' ')}`)
}

/** The report in a `misconfigured` event; the only place that has it when `DOMAIN_SERVER` is wrong. */
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
