/** What tabs of one origin tell each other about the session. Nothing of it leaves the browser. */
const CHANNEL = 'entrada-session'
const RENEWED = 'entrada:renewed'

/** There is a session again. */
export function announceRenewal(): void {
  const channel = new BroadcastChannel(CHANNEL)
  channel.postMessage({ type: RENEWED })
  channel.close()
}

export function onRenewal(run: () => void): void {
  new BroadcastChannel(CHANNEL).addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    const isRenewal =
      typeof data === 'object' && data !== null && 'type' in data && data.type === RENEWED
    if (isRenewal) run()
  })
}
