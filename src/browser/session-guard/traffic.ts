/** The response header with Entrada's failure code. */
export const ERROR_HEADER = 'entrada-error'

/** Whether this value of the header says that there is no session. */
export function isSessionRequired(error: string | null): boolean {
  return error === 'session_required'
}

/** The close code of a WebSocket whose session has ended (`WEBSOCKET_SESSION_BOUND`). */
const SESSION_ENDED_CODE = 4401

/**
 * Calls `onFailure` when a request, event stream or WebSocket fails as it does without a session. The app notices no
 * other change. Assignment by key keeps the names of the replaced functions in the minified script.
 */
export function watchTraffic(onFailure: () => void): void {
  const native = window.fetch
  Object.assign(window, {
    fetch(...parameters: Parameters<typeof native>) {
      const answer = native.apply(window, parameters)
      answer.then(
        ({ headers }) => {
          if (isSessionRequired(headers.get(ERROR_HEADER))) onFailure()
        },
        () => undefined,
      )
      return answer
    },
    XMLHttpRequest: class extends XMLHttpRequest {
      constructor() {
        super()
        this.addEventListener('loadend', () => {
          // Reading the header from another origin's response would log an error in the console.
          const isReadable = this.status === 401 && isSameOrigin(this.responseURL)
          if (isReadable && isSessionRequired(this.getResponseHeader(ERROR_HEADER))) onFailure()
        })
      }
    },
    // An EventSource or WebSocket shows no headers of the response that refused it.
    EventSource: class extends EventSource {
      constructor(...parameters: ConstructorParameters<typeof EventSource>) {
        super(...parameters)
        this.addEventListener('error', () => {
          // `CLOSED` means refused; after a broken connection the browser reconnects.
          if (this.readyState === this.CLOSED && isSameOrigin(this.url)) onFailure()
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
          if ((!isOpened || code === SESSION_ENDED_CODE) && isSameOrigin(this.url)) onFailure()
        })
      }
    },
  })
}

/** For an absolute URL, as the browser reports it. */
function isSameOrigin(address: string): boolean {
  return new URL(address).host === window.location.host
}
