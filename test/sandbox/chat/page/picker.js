const dialog = document.querySelector('#picker')
const frame = document.querySelector('#picker-frame')

/**
 * Opens Entrada's picker page in a frame and waits for its result. The result comes twice: by
 * `postMessage` to the parent, and over a broadcast channel in case the picker opened its own
 * window.
 */
export function pickFiles() {
  return new Promise((resolve) => {
    const channel = crypto.randomUUID()
    const broadcast = new BroadcastChannel('entrada-picker')
    const finish = (items) => {
      broadcast.close()
      removeEventListener('message', fromFrame)
      dialog.removeEventListener('close', cancelled)
      frame.removeAttribute('src')
      if (dialog.open) dialog.close()
      resolve(items)
    }
    const hear = (message) => {
      if (message?.channel !== channel) return
      if (message.type === 'entrada:picked') finish(message.items)
      if (message.type === 'entrada:closed') finish([])
    }
    const fromFrame = (event) => {
      if (event.origin === location.origin && event.source === frame.contentWindow) hear(event.data)
    }
    const cancelled = () => finish([])
    broadcast.onmessage = (event) => hear(event.data)
    addEventListener('message', fromFrame)
    dialog.addEventListener('close', cancelled)
    frame.src = `/.entrada/picker?channel=${channel}`
    dialog.showModal()
  })
}
