import { keepDraft } from './draft.js'
import { chunksOf } from './session.js'

const list = document.querySelector('#transcript')
const messages = []

export function restoreTranscript(saved) {
  for (const message of saved) addMessage(message)
}

/** Adds a message. The returned handle extends a streamed answer and removes a refused message. */
export function addMessage(message) {
  document.querySelector('#welcome').hidden = true
  document.querySelector('#new-chat').hidden = false
  messages.push(message)
  const item = document.createElement('li')
  item.className = message.from === 'me' ? 'mine' : 'theirs'
  list.append(item)
  const update = (changes) => {
    Object.assign(message, changes)
    item.textContent = message.text
    item.classList.toggle('broken', message.broken === true)
    item.setAttribute('aria-busy', String(message.busy === true))
    if (message.with) item.append(withLine(message.with))
    if (nearTheEnd()) scrollTo({ top: document.body.scrollHeight })
    keep()
  }
  update({})
  const remove = () => {
    messages.splice(messages.indexOf(message), 1)
    item.remove()
    keep()
  }
  return { update, remove }
}

export function clearTranscript() {
  messages.length = 0
  list.replaceChildren()
  document.querySelector('#welcome').hidden = false
  document.querySelector('#new-chat').hidden = true
  keepDraft({ messages: [] })
}

/** Parses a streamed answer: `event:` and `data:` lines, events separated by an empty line. */
export async function* eventsOf(response) {
  let buffer = ''
  for await (const chunk of chunksOf(response.body.pipeThrough(new TextDecoderStream()))) {
    buffer += chunk
    const blocks = buffer.split('\n\n')
    buffer = blocks.pop()
    for (const block of blocks) {
      const field = (name) =>
        block
          .split('\n')
          .filter((line) => line.startsWith(`${name}: `))
          .map((line) => line.slice(name.length + 2))
          .join('\n')
      yield { event: field('event'), data: JSON.parse(field('data') || '{}') }
    }
  }
}

function keep() {
  keepDraft({ messages: messages.map((kept) => ({ ...kept, busy: false })) })
}

function withLine(text) {
  const line = document.createElement('span')
  line.className = 'with'
  line.textContent = text
  return line
}

function nearTheEnd() {
  return document.body.scrollHeight - (scrollY + innerHeight) < 240
}
