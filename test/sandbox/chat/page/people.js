import { call } from './session.js'

const PAUSE_MS = 150
const finder = document.querySelector('#finder')
const field = document.querySelector('#finder-query')
const list = document.querySelector('#finder-results')
const status = document.querySelector('#finder-status')
const opener = document.querySelector('#open-finder')

const PART_NAMES = {
  people: 'your frequent contacts',
  users: 'the directory',
  groups: 'groups',
  local: 'local people',
}
const REASONS = {
  consent_needed: 'your organisation has not given consent yet.',
  throttled: 'Microsoft is limiting requests. Try again in a minute.',
  failed: 'Microsoft did not answer.',
}

let asking = new AbortController()
let results = []
let active = -1

export function startFinder(onChosen) {
  opener.addEventListener('click', () => (finder.hidden ? openFinder() : closeFinder()))
  document.querySelector('#finder-close').addEventListener('click', closeFinder)
  let timer
  field.addEventListener('input', () => {
    clearTimeout(timer)
    timer = setTimeout(ask, PAUSE_MS)
  })
  field.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') closeFinder()
    if (event.key === 'ArrowDown') move(1)
    else if (event.key === 'ArrowUp') move(-1)
    else if (event.key === 'Enter' && results[active]) choose(active)
    else return
    event.preventDefault()
  })
  list.addEventListener('click', (event) => {
    const index = [...list.children].indexOf(event.target.closest('li'))
    if (index >= 0) choose(index)
  })
  const choose = (index) => {
    onChosen(results[index])
    closeFinder()
  }
}

export function openFinder() {
  finder.hidden = false
  opener.setAttribute('aria-expanded', 'true')
  field.focus()
}

function closeFinder() {
  asking.abort()
  finder.hidden = true
  opener.setAttribute('aria-expanded', 'false')
  field.value = ''
  show([])
  status.replaceChildren()
  document.querySelector('#message').focus()
}

async function ask() {
  asking.abort()
  asking = new AbortController()
  const { signal } = asking
  const query = field.value.trim()
  if (query.length < 2) {
    show([])
    return say([])
  }
  try {
    const path = `/.entrada/people?q=${encodeURIComponent(query)}&types=user,group&limit=8`
    const answer = await (await call(path, { signal })).json()
    if (signal.aborted) return
    show(answer.results)
    say(linesFor(answer, query))
  } catch (problem) {
    if (signal.aborted) return
    show([])
    say([
      {
        text: `Couldn’t search people: ${problem.message}`,
        isError: true,
        consentUrl: problem.consentUrl,
      },
    ])
  }
}

/** "No person or group found" appears only when every source was asked and answered. */
function linesFor(answer, query) {
  const failures = Object.entries(answer.status ?? {})
    .filter(([, state]) => REASONS[state] !== undefined)
    .map(([part, state]) => ({
      text: `Couldn’t search ${PART_NAMES[part] ?? part}: ${REASONS[state]}`,
      isError: true,
      consentUrl: state === 'consent_needed' ? consentFor(part) : null,
    }))
  if (failures.length === 0 && answer.results.length === 0) {
    return [{ text: `No person or group found for “${query}”.` }]
  }
  return failures
}

function consentFor(part) {
  return `/.entrada/consent?feature=${part === 'groups' ? 'groups' : 'people'}`
}

function show(found) {
  results = found
  active = found.length > 0 ? 0 : -1
  list.replaceChildren(...found.map(option))
  field.setAttribute('aria-expanded', String(found.length > 0))
  mark()
}

function option(result, index) {
  const item = document.createElement('li')
  item.setAttribute('role', 'option')
  item.id = `finder-option-${index}`
  item.dataset.type = result.type
  item.innerHTML =
    '<span class="avatar" aria-hidden="true"></span><div><b></b><small></small></div>'
  const [avatar, name, detail] = item.querySelectorAll('.avatar, b, small')
  avatar.textContent = [...(result.name ?? '?')][0].toUpperCase()
  name.textContent = result.name
  detail.textContent = detailOf(result)
  return item
}

function detailOf(result) {
  const parts =
    result.type === 'group' ? ['Group', result.description] : [result.email ?? result.username]
  if (result.memberCount) parts.push(`${result.memberCount} members`)
  return parts.filter(Boolean).join(' · ')
}

function move(step) {
  if (results.length === 0) return
  active = (active + step + results.length) % results.length
  mark()
}

function mark() {
  for (const [index, item] of [...list.children].entries()) {
    item.setAttribute('aria-selected', String(index === active))
    if (index === active) item.scrollIntoView({ block: 'nearest' })
  }
  if (active >= 0) field.setAttribute('aria-activedescendant', `finder-option-${active}`)
  else field.removeAttribute('aria-activedescendant')
}

function say(lines) {
  status.replaceChildren(
    ...lines.map(({ text, isError, consentUrl }) => {
      const line = document.createElement('p')
      line.className = isError ? 'failed' : 'empty'
      line.textContent = text
      if (consentUrl) {
        const link = Object.assign(document.createElement('a'), {
          href: consentUrl,
          textContent: 'Request consent',
        })
        line.append(' ', link)
      }
      return line
    }),
  )
}
