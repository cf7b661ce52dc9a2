import { keepDraft } from './draft.js'
import { announce, call, chunksOf, problemOf } from './session.js'

const chips = document.querySelector('#chips')
const attachments = new Map()

export function restoreAttachments(saved) {
  for (const upload of saved) show({ key: upload.id, name: upload.name, state: 'ready', upload })
}

/** Downloads a picked file through Entrada, then uploads it to the chat. */
export async function attachFromSharePoint(item) {
  const chip = show({
    key: crypto.randomUUID(),
    name: item.name ?? 'File',
    state: 'fetching',
    total: item.size,
  })
  await settle(chip, async (signal) => {
    const path = `/.entrada/files/${encodeURIComponent(item.driveId)}/${encodeURIComponent(item.id)}/content`
    const response = await call(path, { signal })
    chip.update({
      name: item.name ?? nameIn(response.headers.get('content-disposition')) ?? 'File',
      total: Number(response.headers.get('content-length')) || item.size,
    })
    const parts = []
    let received = 0
    for await (const part of chunksOf(response.body)) {
      parts.push(part)
      received += part.byteLength
      chip.update({ received })
    }
    return new Blob(parts)
  })
}

export async function attachFromDevice(file) {
  const chip = show({
    key: crypto.randomUUID(),
    name: file.name,
    state: 'sending',
    total: file.size,
  })
  await settle(chip, async () => file)
}

/** The uploaded files to send with the message; `null` while a transfer is running. */
export function takeAttachments() {
  const all = [...attachments.values()]
  if (all.some((chip) => chip.state === 'fetching' || chip.state === 'sending')) return null
  for (const chip of all) remove(chip)
  return all.flatMap((chip) => chip.upload ?? [])
}

async function settle(chip, getBlob) {
  try {
    const blob = await getBlob(chip.abort.signal)
    chip.update({ state: 'sending', received: 0, total: blob.size })
    const upload = await send(chip, blob)
    chip.update({ state: 'ready', upload })
    announce(`${chip.name} is attached.`)
  } catch (error) {
    if (chip.abort.signal.aborted) return
    chip.update({ state: 'failed', problem: error.message })
    announce(`${chip.name} could not be attached: ${error.message}`)
  } finally {
    keep()
  }
}

/** Uses `XMLHttpRequest`, because `fetch` does not report upload progress. */
function send(chip, blob) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', `/api/upload?name=${encodeURIComponent(chip.name)}`)
    request.upload.onprogress = (event) => chip.update({ received: event.loaded })
    request.onerror = () => reject(new Error('The connection was lost.'))
    request.onload = async () => {
      if (request.status === 200) return resolve(JSON.parse(request.responseText))
      const type = request.getResponseHeader('content-type') ?? ''
      const headers = { 'content-type': type }
      reject(
        await problemOf(new Response(request.responseText, { status: request.status, headers })),
      )
    }
    chip.abort.signal.addEventListener('abort', () => request.abort())
    request.send(blob)
  })
}

function show(values) {
  const item = document.createElement('li')
  const chip = { received: 0, total: 0, abort: new AbortController(), ...values }
  let frame = 0
  chip.update = (changes) => {
    Object.assign(chip, changes)
    // Progress events are more frequent than frames, so the screen is updated once per frame.
    frame ||= requestAnimationFrame(() => {
      frame = 0
      render(item, chip)
    })
  }
  chip.item = item
  attachments.set(chip.key, chip)
  chips.append(item)
  render(item, chip)
  return chip
}

function render(item, chip) {
  item.className = `chip ${chip.state}`
  item.dataset.state = chip.state
  const moving = chip.state === 'fetching' || chip.state === 'sending'
  if (item.childElementCount === 0) {
    item.innerHTML =
      '<div><b></b><small></small></div><progress></progress><button type="button">✕</button>'
    item.querySelector('button').addEventListener('click', () => remove(chip))
  }
  const [name, words, progress, button] = item.querySelectorAll('b, small, progress, button')
  name.textContent = chip.name
  words.textContent = wordsFor(chip)
  progress.hidden = !moving
  progress.setAttribute('aria-label', `Progress of ${chip.name}`)
  progress.max = chip.total || 1
  if (chip.total) progress.value = chip.received
  else progress.removeAttribute('value')
  button.setAttribute('aria-label', moving ? `Cancel ${chip.name}` : `Remove ${chip.name}`)
}

function wordsFor(chip) {
  if (chip.state === 'failed') return chip.problem
  const { upload } = chip
  if (chip.state === 'ready') return `${sizeOf(upload.bytes)} · ${upload.sha256.slice(0, 8)}`
  const verb = chip.state === 'fetching' ? 'From SharePoint' : 'To the chat'
  return `${verb} ${sizeOf(chip.received)}${chip.total ? ` of ${sizeOf(chip.total)}` : ''}`
}

function remove(chip) {
  chip.abort.abort()
  attachments.delete(chip.key)
  chip.item.remove()
  keep()
}

function keep() {
  keepDraft({ attachments: [...attachments.values()].flatMap((chip) => chip.upload ?? []) })
}

function nameIn(disposition) {
  const encoded = /filename\*=UTF-8''([^;]+)/i.exec(disposition ?? '')?.[1]
  return encoded === undefined ? null : decodeURIComponent(encoded)
}

function sizeOf(bytes) {
  const units = ['B', 'KB', 'MB', 'GB']
  const step = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), units.length - 1)
  return `${(bytes / 1024 ** step).toFixed(step > 0 ? 1 : 0)} ${units[step]}`
}
