import { createFiles } from './files.js'
import { askForForeignTokens, postForgeries, withMalformed } from './hostile.js'
import { createPlaces } from './places.js'
import { connect } from './protocol.js'
import { isWanted, row, showBusy, showCrumbs, showItems, showProblem } from './view.js'

const { options, site, origins, isSilent, isHostile } = JSON.parse(
  document.querySelector('#setup').textContent,
)
const { typesAndSources = {}, selection = {}, commands = {} } = options
const isSingle = selection.mode !== 'multiple'
const maximum = isSingle ? 1 : (selection.maximumCount ?? Number.POSITIVE_INFINITY)
const find = (selector) => document.querySelector(selector)
const pick = find('[data-action=pick]')
const close = find('[data-action=close]')
const chosen = new Map()
let connection
let places
/** From the pivot down to the place on show. */
let trail = []

function dress() {
  if (options.theme === 'dark') document.documentElement.dataset.theme = 'dark'
  document.title = find('#title').textContent =
    options.title ?? (isSingle ? 'Choose a file' : 'Choose files')
  pick.textContent = commands.pick?.label ?? 'Select'
  close.textContent = commands.close?.label ?? 'Cancel'
  const { pivots = {} } = typesAndSources
  find('[data-pivot=oneDrive]').hidden = pivots.oneDrive === false
  find('[data-pivot=recent]').hidden = pivots.recent === false
  find('[data-pivot=sites]').hidden = pivots.site === false && pivots.sharedLibraries === false
  find('#filter').hidden = options.search?.enabled !== true
}

async function open(way) {
  trail = way
  showCrumbs(trail, (index) => open(trail.slice(0, index + 1)))
  for (const button of document.querySelectorAll('[data-pivot]')) {
    button.toggleAttribute('aria-current', button.dataset.pivot === trail[0].pivot)
  }
  showBusy('Loading…')
  find('#filter').value = ''
  const place = trail.at(-1)
  try {
    const found = await place.list()
    if (trail.at(-1) !== place) return
    showItems(
      place.pivot === 'sites'
        ? found.map(siteRow)
        : found.filter((item) => isWanted(item, typesAndSources)).map(itemRow),
      'Nothing here that this app can use.',
    )
    document.body.dataset.state = 'ready'
  } catch (error) {
    if (trail.at(-1) === place) showProblem(error.message, () => open(trail))
  }
}

function siteRow(found) {
  const item = { name: found.displayName, site: true }
  return row(item, { canChoose: false, onOpen: () => open([...trail, places.library(found)]) })
}

function itemRow(item) {
  const isFolder = Boolean((item.remoteItem ?? item).folder)
  const mode = typesAndSources.mode ?? 'all'
  const key = `${item.parentReference.driveId} ${item.id}`
  return row(item, {
    canChoose: isFolder ? mode === 'folders' : true,
    isSingle,
    isChosen: chosen.has(key),
    onOpen: isFolder ? () => open([...trail, places.folder(item)]) : undefined,
    onChoose: (isChosen) => choose(key, item, isChosen),
  })
}

function choose(key, item, isChosen) {
  if (isSingle) chosen.clear()
  if (isChosen) chosen.set(key, item)
  else chosen.delete(key)
  const tooMany = chosen.size > maximum
  pick.disabled = chosen.size === 0 || tooMany
  const names = [...chosen.values()].map(({ name }) => name)
  find('#summary').textContent = tooMany
    ? `${chosen.size} chosen, and this app takes no more than ${maximum}`
    : names.length === 0
      ? 'Nothing chosen'
      : names.length === 1
        ? names[0]
        : `${names.length} files chosen`
}

/** Of a shortcut only what is guaranteed is handed on, so that no app relies on more. */
function picked(item) {
  if (!item.remoteItem) return item
  const { id, parentReference, '@sharePoint.endpoint': endpoint } = item
  return {
    id,
    parentReference: { driveId: parentReference.driveId },
    '@sharePoint.endpoint': endpoint,
  }
}

async function conclude(command) {
  pick.disabled = close.disabled = true
  try {
    const answer = await connection.command(command)
    if (answer?.result === 'success') {
      document.body.dataset.state = 'done'
      return
    }
    showProblem(answer?.error?.message ?? 'The app did not take it.')
  } catch (error) {
    showProblem(error.message)
  }
  pick.disabled = close.disabled = false
}

pick.addEventListener('click', () => {
  const items = [...chosen.values()].map(picked)
  void conclude({
    command: 'pick',
    items: isHostile ? withMalformed(items) : items,
    keepSharing: false,
  })
})
close.addEventListener('click', () => conclude({ command: 'close' }))
addEventListener('keydown', (event) => {
  if (event.key === 'Escape') close.click()
})
find('#filter').addEventListener('input', ({ target }) => {
  const wanted = target.value.toLowerCase()
  for (const entry of document.querySelectorAll('#items li')) {
    entry.hidden = !entry.dataset.item.toLowerCase().includes(wanted)
  }
})
for (const button of document.querySelectorAll('[data-pivot]')) {
  button.addEventListener('click', () => open([places.pivots[button.dataset.pivot]]))
}

async function start() {
  dress()
  if (isSilent) return
  if (isHostile) postForgeries(options.messaging)
  connection = await connect(options.messaging)
  connection.notify('page-loaded')
  places = createPlaces({ files: createFiles(connection), origins })
  // Commands come and go with the service: a host that accepts one it does not know will break one day.
  const probe = await connection.command({ command: 'sandbox-unknown' })
  document.body.dataset.probe = probe?.error?.code ?? probe?.result ?? 'nothing'
  if (isHostile) await askForForeignTokens(connection, origins)
  await open(await places.entryTrail(options, { site }))
}

start().catch((error) => showProblem(error.message, () => location.reload()))
