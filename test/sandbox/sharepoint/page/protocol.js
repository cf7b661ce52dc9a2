const DEFAULT_TIMEOUTS = {
  initializeTimeout: 20_000,
  acknowledgeTimeout: 5000,
  resultTimeout: 120_000,
}

/**
 * The picker's side of the v8 message protocol: a port is handed to the page that opened us, and
 * nothing happens before that page activates it.
 */
export async function connect(messaging) {
  const host = window.opener ?? window.parent
  if (host === window) throw new Error('This page belongs in a frame or a window of another app.')
  const timeouts = { ...DEFAULT_TIMEOUTS, ...messaging }
  const { port1: port, port2 } = new MessageChannel()
  const waiting = new Map()
  const activated = Promise.withResolvers()

  port.addEventListener('message', ({ data }) => {
    if (data?.type === 'activate') activated.resolve()
    const pending = waiting.get(data?.id)
    if (pending === undefined) return
    if (data.type === 'acknowledge') pending.acknowledged.resolve()
    if (data.type === 'result') pending.result.resolve(data.data)
  })
  port.start()
  host.postMessage({ type: 'initialize', channelId: messaging.channelId }, messaging.origin, [
    port2,
  ])
  await within(
    activated.promise,
    timeouts.initializeTimeout,
    'The app did not activate the picker.',
  )

  return {
    notify(notification) {
      const timestamp = new Date().toISOString()
      port.postMessage({ type: 'notification', data: { notification, timestamp } })
    },
    /** Resolves to what the host answered; rejects when it neither acknowledged nor answered in time. */
    async command(data) {
      const id = crypto.randomUUID()
      const pending = { acknowledged: Promise.withResolvers(), result: Promise.withResolvers() }
      waiting.set(id, pending)
      port.postMessage({ type: 'command', id, data })
      const late = `The app did not acknowledge “${data.command}”.`
      await within(pending.acknowledged.promise, timeouts.acknowledgeTimeout, late)
      const silent = `The app did not answer “${data.command}”.`
      const answer = await within(pending.result.promise, timeouts.resultTimeout, silent)
      waiting.delete(id)
      return answer
    },
  }
}

function within(promise, milliseconds, message) {
  const expired = Promise.withResolvers()
  const timer = setTimeout(() => expired.reject(new Error(message)), milliseconds)
  return Promise.race([promise, expired.promise]).finally(() => clearTimeout(timer))
}
