/** What tabs of one origin tell each other: that there is a session again. Nothing of it leaves the browser. */
const CHANNEL = 'entrada-session'

export function announceRenewal(): void {
  const channel = new BroadcastChannel(CHANNEL)
  channel.postMessage({ type: 'entrada:renewed' })
  channel.close()
}

export function onRenewal(run: () => void): void {
  new BroadcastChannel(CHANNEL).addEventListener('message', run)
}
