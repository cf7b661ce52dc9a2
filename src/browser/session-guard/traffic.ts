export const ERROR = 'entrada-error'

/** Entrada's word that there is no session. */
export function saysEnded(error: string | null): boolean {
  return error === 'session_required'
}

/** What a socket that was bound to its session is closed with. */
const SOCKET_ENDED = 4401

/**
 * Calls `suspect` whenever something fails the way it does without a session. Nothing else changes for the app:
 * even names stay when the script is minified, because each is assigned by its key.
 */
export function watchTraffic(suspect: () => void): void {
  const native = window.fetch
  Object.assign(window, {
    fetch(...parameters: Parameters<typeof native>) {
      const answer = native.apply(window, parameters)
      answer.then(
        ({ headers }) => {
          if (saysEnded(headers.get(ERROR))) suspect()
        },
        () => undefined,
      )
      return answer
    },
    XMLHttpRequest: class extends XMLHttpRequest {
      constructor() {
        super()
        this.addEventListener('loadend', () => {
          // Asking another origin's answer for the header would put a complaint into the console.
          const isOurs = this.status === 401 && isSameOrigin(this.responseURL)
          if (isOurs && saysEnded(this.getResponseHeader(ERROR))) suspect()
        })
      }
    },
    // Neither of these shows a header of the answer that refused it.
    EventSource: class extends EventSource {
      constructor(...parameters: ConstructorParameters<typeof EventSource>) {
        super(...parameters)
        this.addEventListener('error', () => {
          // Refused for good; a connection that only broke is being opened anew.
          if (this.readyState === this.CLOSED && isSameOrigin(this.url)) suspect()
        })
      }
    },
    WebSocket: class extends WebSocket {
      constructor(...parameters: ConstructorParameters<typeof WebSocket>) {
        super(...parameters)
        let isOpened = false
        this.addEventListener('open', () => {
          isOpened = true
        })
        this.addEventListener('close', ({ code }) => {
          if ((!isOpened || code === SOCKET_ENDED) && isSameOrigin(this.url)) suspect()
        })
      }
    },
  })
}

/** Of what the browser has made of an address, which is always whole. */
function isSameOrigin(address: string): boolean {
  return new URL(address).host === window.location.host
}
