const HEADER = 'entrada-error'
const ENDED = 'session_required'
/** What a socket that was bound to its session is closed with. */
const SOCKET_ENDED = 4401

/** Calls `suspect` whenever something fails the way it does without a session. Nothing else changes for the app. */
export function watchTraffic(suspect: () => void): void {
  watchFetch(suspect)
  watchXhr(suspect)
  // Neither shows a header of the answer that refused it.
  watchEventSource(suspect)
  watchWebSocket(suspect)
}

/** Assigned by key, so that each keeps the name it goes by when the script is minified. */
function replace(
  globals: Partial<Pick<typeof window, 'fetch' | 'EventSource' | 'WebSocket'>>,
): void {
  Object.assign(window, globals)
}

function watchFetch(suspect: () => void): void {
  const native = window.fetch
  replace({
    fetch(...parameters: Parameters<typeof native>) {
      const answer = native.apply(window, parameters)
      answer.then(
        ({ headers }) => {
          if (headers.get(HEADER) === ENDED) suspect()
        },
        () => undefined,
      )
      return answer
    },
  })
}

function watchXhr(suspect: () => void): void {
  const { prototype } = XMLHttpRequest
  const { send } = prototype
  prototype.send = function sendWatched(body) {
    this.addEventListener('loadend', () => {
      // Asking another origin's answer for the header would put a complaint into the console.
      const isOurs = this.status === 401 && isSameOrigin(this.responseURL)
      if (isOurs && this.getResponseHeader(HEADER) === ENDED) suspect()
    })
    send.call(this, body)
  }
}

function watchEventSource(suspect: () => void): void {
  const Native = window.EventSource
  replace({
    EventSource: class extends Native {
      constructor(url: string | URL, init?: EventSourceInit) {
        super(url, init)
        if (!isSameOrigin(url)) return
        this.addEventListener('error', () => {
          // Refused for good; a connection that only broke is being opened anew.
          if (this.readyState === Native.CLOSED) suspect()
        })
      }
    },
  })
}

function watchWebSocket(suspect: () => void): void {
  const Native = window.WebSocket
  replace({
    WebSocket: class extends Native {
      constructor(url: string | URL, protocols?: string | string[]) {
        super(url, protocols)
        if (!isSameOrigin(url)) return
        let isOpened = false
        this.addEventListener('open', () => {
          isOpened = true
        })
        this.addEventListener('close', ({ code }) => {
          if (!isOpened || code === SOCKET_ENDED) suspect()
        })
      }
    },
  })
}

function isSameOrigin(address: string | URL): boolean {
  try {
    return new URL(address, document.baseURI).host === window.location.host
  } catch {
    return false
  }
}
