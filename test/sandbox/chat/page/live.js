import { call } from './session.js'

const sign = document.querySelector('#live')
const LONGEST_PAUSE_MS = 30_000

/**
 * An echo socket, to show that Entrada relays sockets. Stops reconnecting when the session has
 * ended.
 */
export async function keepLive(pauseMs = 1000) {
  const socket = new WebSocket(
    `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`,
  )
  socket.addEventListener('open', () => socket.send('hello'))
  socket.addEventListener('message', () => {
    pauseMs = 1000
    show('on', 'Live')
  })
  await new Promise((closed) => socket.addEventListener('close', closed))
  show('off', 'Offline')
  // A browser does not say why a socket was refused; an ordinary request does.
  const signedIn = await call('/whoami').then(
    () => true,
    (problem) => problem.status !== 401,
  )
  if (!signedIn) return
  await new Promise((passed) => setTimeout(passed, pauseMs))
  await keepLive(Math.min(pauseMs * 2, LONGEST_PAUSE_MS))
}

function show(state, words) {
  sign.dataset.state = state
  sign.querySelector('em').textContent = words
}
