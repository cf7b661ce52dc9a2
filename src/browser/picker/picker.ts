import type { PickerConfig } from './config.ts'
import { converse } from './conversation.ts'
import { launchPicker, type PickerResult, report } from './launch.ts'
import { askForToken, askWhy, type Problem } from './token-client.ts'
import {
  type Action,
  newFrame,
  newName,
  offer,
  removeFrame,
  say,
  showPicker,
  type Target,
} from './view.ts'

export const NOT_FRAMED: Problem = {
  title: 'The file picker did not appear',
  detail: 'It may not be allowed inside another page. It can open in a window of its own.',
}
export const SILENT: Problem = {
  title: 'The file picker did not appear',
  detail: 'Your browser or organisation may block Microsoft’s page.',
}
export const BLOCKED: Problem = {
  title: 'The window was blocked',
  detail: 'Allow pop-up windows for this site, then try again.',
}

/** Sign-in and consent refuse to be framed, so they get a window; afterwards the person tries again. */
export function remedies({ remedyUrl }: Problem): readonly Action[] {
  if (remedyUrl === undefined) return []
  return [{ label: 'Continue', run: () => void window.open(remedyUrl, '_blank', 'noopener') }]
}

/** A slow line and a cold SharePoint front end take this long; a page that may not be framed takes for ever. */
const INITIALIZE_MS = 15_000
/** Microsoft's own advice for the size of the window. */
const WINDOW_FEATURES = 'popup,width=1080,height=680'
const WATCH_WINDOW_MS = 500

/** The server looks for the hosts anew when a page is loaded again: they may not be what they were. */
const AGAIN: Action = { label: 'Try again', run: () => location.reload(), isQuiet: true }
const CANCEL: Action = { label: 'Cancel', run: cancel, isQuiet: true }

const config = readConfig()
/** Of the page's one picker, wherever it is open. */
let stopListening: () => void = () => undefined
let timer: ReturnType<typeof setTimeout> | undefined
let port: MessagePort | undefined
let popup: Window | undefined
let isOver = false

addEventListener('keydown', ({ key }) => {
  if (key === 'Escape') cancel()
})
void start()

/** Opens Microsoft's picker in this page, hands it tokens, and tells the chat what was chosen. */
async function start(): Promise<void> {
  offer([CANCEL])
  if (config.launchUrl !== '') return openFrame(false)
  const why = await askWhy()
  // What stood against it has passed, so this address has a picker to open now.
  if (why.ok) location.reload()
  else fail(why.problem)
}

/** In a frame, and once more with a new token when nothing appears; then the person may open a window. */
function openFrame(renew: boolean): Promise<void> {
  return launchIn(newFrame, renew, () => {
    removeFrame()
    if (renew) offerWindow(NOT_FRAMED)
    else void openFrame(true)
  })
}

/** Framing can be forbidden by what neither we nor the tenant control; a window cannot. */
function offerWindow(problem: Problem): void {
  say(problem, [{ label: 'Open in a window', run: () => void openWindow() }, AGAIN, CANCEL])
}

async function openWindow(): Promise<void> {
  // Before anything is awaited: browsers allow a window only in answer to a click.
  const name = newName()
  const opened = window.open('about:blank', name, WINDOW_FEATURES)
  if (opened === null) return offerWindow(BLOCKED)
  popup = opened
  showFiles()
  await launchIn(
    () => ({ name, window: opened }),
    false,
    () => fail(SILENT),
  )
  watchWindow(opened)
}

async function launchIn(
  target: () => Target,
  renew: boolean,
  onSilence: () => void,
): Promise<void> {
  const answer = await askForToken({ resource: new URL(config.launchUrl).origin, renew })
  if (isOver) return
  if (!answer.ok) return fail(answer.problem)
  stopListening()
  timer = setTimeout(onSilence, INITIALIZE_MS)
  stopListening = launchPicker({ config, target: target(), token: answer.token, onInitialize })
}

/** Microsoft's page says hello again after a reload; the new port replaces the old. */
function onInitialize(opened: MessagePort): void {
  clearTimeout(timer)
  port?.close()
  port = opened
  converse(opened, {
    ...config,
    token: askForToken,
    onRefused: (problem) =>
      say(problem, [
        ...remedies(problem),
        { label: 'Back to the files', run: showFiles, isQuiet: true },
      ]),
    onPicked: (items) => finish({ type: 'entrada:picked', items }),
    onClosed: cancel,
  })
  showFiles()
}

function showFiles(): void {
  if (popup === undefined) showPicker()
  else say({ title: 'Choose your files in the other window' }, [CANCEL])
}

function watchWindow(opened: Window): void {
  const watch = setInterval(() => {
    if (!opened.closed) return
    clearInterval(watch)
    // One that we have closed ourselves says nothing about the person's wishes.
    if (popup !== opened) return
    // Nor does one that never said hello: a page that isolates itself looks closed to us from the start.
    if (port === undefined) fail(SILENT)
    else cancel()
  }, WATCH_WINDOW_MS)
}

function cancel(): void {
  finish({ type: 'entrada:closed' })
}

function finish(result: PickerResult): void {
  if (isOver) return
  isOver = true
  letGo()
  report(result, config)
  say({ title: 'You can close this page' }, [])
  // Takes effect only where a script has opened this window.
  window.close()
}

function fail(problem: Problem): void {
  letGo()
  say(problem, [...remedies(problem), AGAIN, CANCEL])
}

function letGo(): void {
  clearTimeout(timer)
  stopListening()
  port?.close()
  popup?.close()
  popup = undefined
  removeFrame()
}

function readConfig(): PickerConfig {
  return JSON.parse(document.getElementById('picker')?.dataset['config'] ?? '') as PickerConfig
}
