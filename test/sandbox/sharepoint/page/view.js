const KINDS = {
  document: [
    'doc',
    'docx',
    'docm',
    'odt',
    'pdf',
    'txt',
    'md',
    'rtf',
    'xlsx',
    'xls',
    'csv',
    'pptx',
    'ppt',
  ],
  photo: ['png', 'jpg', 'jpeg', 'gif', 'webp', 'svg', 'heic'],
  video: ['mp4', 'mov', 'webm'],
  audio: ['mp3', 'wav', 'm4a', 'ogg'],
}

const find = (selector) => document.querySelector(selector)

/** Whether the app that opened the picker wants items of this kind. Folders always lead somewhere. */
export function isWanted(item, { mode = 'all', filters = [] } = {}) {
  const shape = item.remoteItem ?? item
  if (shape.folder) return true
  if (mode === 'folders') return false
  if (filters.length === 0) return true
  if (shape.package) return filters.includes('onenote')
  const extension = item.name.split('.').pop().toLowerCase()
  return filters.some(
    (filter) =>
      filter === 'file' ||
      filter === `.${extension}` ||
      KINDS[filter]?.includes(extension) ||
      (filter === 'media' &&
        ['photo', 'video', 'audio'].some((kind) => KINDS[kind].includes(extension))),
  )
}

/** One row. Folders are buttons that open; files are check boxes, or radio buttons for a single choice. */
export function row(item, { canChoose, isSingle, isChosen, onOpen, onChoose }) {
  const shape = item.remoteItem ?? item
  const entry = document.createElement('li')
  entry.dataset.item = item.name
  const line = document.createElement(canChoose ? 'label' : 'button')
  line.className = 'row'
  entry.append(line)
  if (canChoose) line.append(choice(isSingle, isChosen, (checked) => onChoose(checked)))
  else line.append(document.createElement('span'))
  line.append(
    mark(item),
    element('b', item.name),
    element('small', item.lastModifiedDateTime ? dayOf(item.lastModifiedDateTime) : ''),
    element(
      'small',
      shape.folder ? countOf(shape.folder) : item.size === undefined ? '' : sizeOf(item.size),
    ),
  )
  if (!canChoose) {
    line.type = 'button'
    line.addEventListener('click', onOpen)
  }
  if (canChoose && onOpen) line.addEventListener('dblclick', onOpen)
  return entry
}

export function showItems(rows, emptyHint) {
  find('#items').replaceChildren(...rows)
  find('main').setAttribute('aria-busy', 'false')
  find('#hint').textContent = rows.length === 0 ? emptyHint : ''
}

export function showBusy(text) {
  find('main').setAttribute('aria-busy', 'true')
  find('#items').replaceChildren()
  find('#notice').hidden = true
  find('#hint').textContent = text
}

/** A problem, and a way to try again when there is one. */
export function showProblem(text, retry) {
  document.body.dataset.state = 'problem'
  find('#hint').textContent = ''
  find('main').setAttribute('aria-busy', 'false')
  const notice = find('#notice')
  notice.hidden = false
  notice.textContent = text
  if (!retry) return
  const again = element('button', 'Try again')
  again.type = 'button'
  again.dataset.action = 'retry'
  again.addEventListener('click', retry)
  notice.append(again)
}

export function showCrumbs(trail, onOpen) {
  find('#crumbs').replaceChildren(
    ...trail.map((place, index) => {
      const crumb = document.createElement('li')
      const button = element('button', place.name)
      button.type = 'button'
      button.addEventListener('click', () => onOpen(index))
      if (index === trail.length - 1) button.setAttribute('aria-current', 'page')
      crumb.append(button)
      return crumb
    }),
  )
}

function choice(isSingle, isChosen, onChange) {
  const input = document.createElement('input')
  input.type = isSingle ? 'radio' : 'checkbox'
  input.name = 'choice'
  input.checked = isChosen
  input.addEventListener('change', () => onChange(input.checked))
  return input
}

function element(tag, text, className = '') {
  return Object.assign(document.createElement(tag), { textContent: text, className })
}

const SHAPES = {
  site: 'M3.500 16.500v-9l6.500-4 6.500 4v9M3 16.500h14M8 16.500v-4h4v4',
  folder: 'M2.500 15.500v-10h5l2 2h8v8z',
  shortcut: 'M5 15 15 5M8 5h7v7',
}

function mark(item) {
  const shape = item.remoteItem ? 'shortcut' : item.site ? 'site' : item.folder ? 'folder' : null
  const extension = item.name.includes('.') ? item.name.split('.').pop().slice(0, 4) : ''
  const letters = item.package ? 'note' : extension
  if (shape === null) return element('span', letters.toUpperCase(), 'kind')
  const sign = element('span', '', 'kind')
  sign.innerHTML = `<svg viewBox="0 0 20 20" aria-hidden="true"><path d="${SHAPES[shape]}"/></svg>`
  return sign
}

function dayOf(iso) {
  return new Date(iso).toLocaleDateString(undefined, { dateStyle: 'medium' })
}

function countOf({ childCount }) {
  return childCount === 1 ? '1 item' : `${childCount} items`
}

function sizeOf(bytes) {
  const units = ['B', 'KB', 'MB', 'GB']
  const step = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), units.length - 1)
  return `${(bytes / 1024 ** step).toFixed(step > 0 ? 1 : 0)} ${units[step]}`
}
