import {
  measureDownload,
  measureEvents,
  measureRequests,
  median,
  memoryRise,
  quantile,
  type Pair,
} from './measurements.ts'
import { openBench } from './scene.ts'

const ROUNDS = Number(process.env['ROUNDS'] ?? 31)
/** Seconds until V8 has compiled the hot code on its background threads. */
const WARM_UP_ROUNDS = 16

/**
 * Compares Entrada with a Worker that only forwards, on one runtime, alternating twice a second.
 * Single figures depend on the machine and its load; the ratio within a round hardly does.
 */
const bench = await openBench()
try {
  console.log(`${ROUNDS} rounds; medians of ratios within a round [quartiles]`)
  const { Host = '', Cookie = '' } = bench.headers
  const requests = [
    ['as a browser sends it', bench.headers],
    ['as wrk would', { Host, Cookie }],
  ] as const
  for (const [sender, headers] of requests) {
    await rounds(WARM_UP_ROUNDS, () => measureRequests(bench, headers))
    const measured = await rounds(ROUNDS, () => measureRequests(bench, headers))
    console.log(`signed-in GET, ${sender} (${Object.keys(headers).length} headers)`)
    report(
      '  requests/s',
      measured.map(({ rate }) => rate),
      'at least 0.90',
    )
    report(
      '  CPU a request (µs)',
      measured.map(({ cpu }) => cpu),
      'at most 1.15',
    )
  }
  const events = await rounds(5, () => measureEvents(bench))
  const lag = median(events.map((one) => one.entrada - one.bare))
  console.log(line('event stream, behind bare (ms)', lag.toFixed(2), 'at most 5'))
  const { unlimited, gigabit } = bench.large
  const downloads = [
    ['of the chat', unlimited.fromChat, unlimited.fromChat, 5],
    ['from SharePoint', unlimited.fromChat, unlimited.fromSharePoint, 5],
    ['from SharePoint, over a line of 1 Gbit/s', gigabit.fromChat, gigabit.fromSharePoint, 2],
  ] as const
  for (const [source, bare, entrada, downloadRounds] of downloads) {
    const measured: Awaited<ReturnType<typeof measureDownload>>[] = []
    const rises: number[] = []
    // Measured per round, because garbage collection frees the memory of a download at
    // unpredictable times.
    for (let round = 0; round < downloadRounds; round++) {
      const rise = await memoryRise(bench, async () => {
        measured.push(await measureDownload(bench, { bare, entrada }))
      })
      rises.push(rise)
    }
    console.log(`download of 1 GiB ${source}`)
    report(
      '  MiB/s',
      measured.map(({ rate }) => rate),
      'at least 0.95',
    )
    report(
      '  CPU (ms)',
      measured.map(({ cpu }) => cpu),
      'no bar',
    )
    const most = Math.max(...rises)
    console.log(line('  memory meanwhile (MiB)', `+${most.toFixed(1)}`, 'at most +32'))
  }
} finally {
  await bench.close()
}

async function rounds<T>(count: number, measure: () => Promise<T>): Promise<readonly T[]> {
  const results: T[] = []
  for (let round = 0; round < count; round++) results.push(await measure())
  return results
}

function report(what: string, pairs: readonly Pair[], bar: string): void {
  const ratios = pairs.map(({ bare, entrada }) => entrada / bare)
  const [low, high] = [quantile(ratios, 0.25), quantile(ratios, 0.75)]
  const sides = (['bare', 'entrada'] as const).map((side) =>
    median(pairs.map((pair) => pair[side])),
  )
  const figures = `${median(ratios).toFixed(2)} [${low.toFixed(2)}–${high.toFixed(2)}]`
  console.log(line(what, figures, `${bar}; ${sides.map((one) => one.toFixed(0)).join(' → ')}`))
}

function line(what: string, figure: string, remark: string): string {
  return `${what.padEnd(36)}${figure.padEnd(22)}${remark}`
}
