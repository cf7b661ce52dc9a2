/** The broadcast channel between the tabs of one origin. Its messages stay in the browser. */
const CHANNEL = 'entrada-session'

/** Tells the other tabs that the session was renewed. */
export function announceRenewal(): void {
  const channel = new BroadcastChannel(CHANNEL)
  channel.postMessage({ type: 'entrada:renewed' })
  channel.close()
}

/** Calls `run` when another tab announces a renewed session. */
export function onRenewal(run: () => void): void {
  new BroadcastChannel(CHANNEL).addEventListener('message', run)
}
