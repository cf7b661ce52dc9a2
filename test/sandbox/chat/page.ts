import { readdirSync, readFileSync } from 'node:fs'
import type { Told } from './told.ts'

const FOLDER = new URL('page/', import.meta.url)

function pageFile(name: string): string {
  return readFileSync(new URL(name, FOLDER), 'utf8')
}

const TEMPLATE = pageFile('chat.html')

const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
  webmanifest: 'application/manifest+json',
}

export interface Asset {
  readonly path: string
  readonly type: string
  readonly text: string
}

/**
 * The service worker and the manifest are at the root, because their scope requires it; the rest
 * under `/assets`.
 */
export const ASSETS: readonly Asset[] = readdirSync(FOLDER).flatMap((name) => {
  const type = TYPES[name.slice(name.lastIndexOf('.') + 1)]
  if (type === undefined) return []
  const isAtRoot = name === 'sw.js' || name === 'manifest.webmanifest'
  return { path: isAtRoot ? `/${name}` : `/assets/${name}`, type, text: pageFile(name) }
})

/**
 * `form-action` is absent on purpose: sign-out redirects to Microsoft, and Chromium also applies
 * that directive to a form's redirects.
 */
export const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "frame-src 'self'",
  "manifest-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

export function chatPage(told: Told): string {
  const name = told.name ?? told.username ?? told.email ?? 'Unknown person'
  const values: Readonly<Record<string, string>> = {
    userId: told.id ?? '',
    name,
    firstName: name.split(/\s+/)[0] ?? name,
    initials: initialsOf(name),
    email: told.email ?? told.username ?? 'not signed in',
    access: told.id === null ? 'direct' : 'entrada',
  }
  return TEMPLATE.replaceAll(/\{\{(\w+)\}\}/g, (_all, key: string) => escapeHtml(values[key] ?? ''))
}

function initialsOf(name: string): string {
  const words = name.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '')
  return [words.at(0), words.length > 1 ? words.at(-1) : undefined]
    .map((word) => [...(word ?? '')][0] ?? '')
    .join('')
    .toUpperCase()
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}
