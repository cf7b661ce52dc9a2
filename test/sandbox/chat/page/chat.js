import {
  attachFromDevice,
  attachFromSharePoint,
  restoreAttachments,
  takeAttachments,
} from './attachments.js'
import { forgetDraft, keepDraft, readDraft } from './draft.js'
import { keepLive } from './live.js'
import { openFinder, startFinder } from './people.js'
import { pickFiles } from './picker.js'
import { announce, call, throughEntrada, userId } from './session.js'
import { addMessage, clearTranscript, eventsOf, restoreTranscript } from './transcript.js'

const find = (selector) => document.querySelector(selector)
const field = find('#message')
const send = find('#send')
const stop = find('#stop')
let answering = null

const draft = readDraft()
field.value = draft.text
restoreTranscript(draft.messages)
restoreAttachments(draft.attachments)
let people = draft.people

field.addEventListener('input', () => keepDraft({ text: field.value }))
field.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
  event.preventDefault()
  find('#composer').requestSubmit()
})

find('#composer').addEventListener('submit', async (event) => {
  event.preventDefault()
  const text = field.value.trim()
  if (answering !== null || text === '') return
  const attachments = takeAttachments()
  if (attachments === null) return announce('A file is still uploading. Send when it is done.')
  const mentioned = people.filter((person) => text.includes(`@${person}`))
  field.value = ''
  people = []
  keepDraft({ text: '', people })
  const mine = addMessage({
    from: 'me',
    text,
    with: attachments.map((upload) => `📎 ${upload.name}`).join('  '),
  })
  const sent = {
    message: text,
    people: mentioned,
    attachments: attachments.map((upload) => upload.id),
  }
  if (await answer(sent)) return
  // Refused before it was read: the text and files return to the composer.
  mine.remove()
  field.value = text
  people = mentioned
  keepDraft({ text, people })
  restoreAttachments(attachments)
})

async function answer(sent) {
  answering = new AbortController()
  busy(true)
  const theirs = addMessage({ from: 'chat', text: '', busy: true })
  let said = ''
  try {
    const response = await call('/api/chat', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(sent),
      signal: answering.signal,
    })
    for await (const { event, data } of eventsOf(response)) {
      if (event === 'word') theirs.update({ text: (said += data.text) })
    }
    theirs.update({ busy: false })
    return true
  } catch (problem) {
    const stopped = answering.signal.aborted
    if (!stopped && said === '') {
      theirs.remove()
      announce(`Not sent: ${problem.message}`)
      return false
    }
    theirs.update({
      text: `${said} [${stopped ? 'stopped' : problem.message}]`,
      busy: false,
      broken: !stopped,
    })
    return true
  } finally {
    answering = null
    busy(false)
  }
}

function busy(isBusy) {
  send.hidden = isBusy
  stop.hidden = !isBusy
}

stop.addEventListener('click', () => answering?.abort())
find('#new-chat').addEventListener('click', () => {
  answering?.abort()
  clearTranscript()
  field.focus()
})

find('#open-picker').addEventListener('click', choose)
async function choose() {
  const items = await pickFiles()
  await Promise.all(items.map(attachFromSharePoint))
}

find('#open-device').addEventListener('click', () => find('#device-files').click())
find('#device-files').addEventListener('change', (event) => {
  for (const file of event.target.files) void attachFromDevice(file)
  event.target.value = ''
})

startFinder((person) => {
  people.push(person.name)
  const gap = field.value === '' || field.value.endsWith(' ') ? '' : ' '
  field.value += `${gap}@${person.name} `
  keepDraft({ text: field.value, people })
})

find('#show-told').addEventListener('click', showTold)
async function showTold() {
  find('#account').hidePopover()
  try {
    const told = await (await call('/whoami')).json()
    find('#told-json').textContent = JSON.stringify(told, null, 2)
  } catch (problem) {
    find('#told-json').textContent = problem.message
  }
  find('#told').showModal()
}

const IDEAS = { files: choose, people: openFinder, told: showTold }
for (const button of document.querySelectorAll('[data-idea]')) {
  button.addEventListener('click', () => IDEAS[button.dataset.idea]())
}

find('#sign-out').addEventListener('submit', forgetDraft)

if (throughEntrada) {
  const photo = new Image()
  photo.alt = ''
  photo.addEventListener('load', () => find('#avatar').replaceChildren(photo))
  photo.src = `/.entrada/people/${encodeURIComponent(userId)}/photo`
}
void keepLive()
