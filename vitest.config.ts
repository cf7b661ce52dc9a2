import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { findChromium, mustHaveChromium } from './test/support/find-chromium.ts'

/** The Worker runs in Node, on doubles of its platform. */
const inNode = {
  alias: {
    'cloudflare:workers': fileURLToPath(
      new URL('test/support/cloudflare-workers.ts', import.meta.url),
    ),
  },
}

/** A test that hangs is found out; how fast the machine is, is not the question. */
const PATIENT = { testTimeout: 20_000, hookTimeout: 20_000 }

/** The Worker runs where Cloudflare runs it; the tests talk to it over sockets. */
const onWorkerd = {
  globalSetup: ['test/support/workerd/build-worker.ts'],
  setupFiles: ['test/support/workerd/show-logs.ts'],
  testTimeout: 30_000,
  hookTimeout: 30_000,
}

/** Pages of the sandbox itself, seen by a real browser. */
const inBrowser = 'test/sandbox/**/*.browser.test.ts'

// Left out where there is no browser; test/run.ts says so where nobody can miss it.
const withChromium = findChromium() !== null || mustHaveChromium()

export default defineConfig({
  test: {
    // Vitest keeps a core for itself, which on two cores is half of the machine.
    maxWorkers: availableParallelism(),
    projects: [
      // Functions alone.
      {
        resolve: inNode,
        test: { name: 'pure', include: ['test/pure/**/*.test.ts'], isolate: false, ...PATIENT },
      },
      // The whole app, with doubles of the platform beneath it and of Microsoft around it.
      {
        resolve: inNode,
        test: {
          name: 'app',
          include: ['test/app/**/*.test.ts'],
          setupFiles: ['test/support/app-setup.ts'],
          // Every test has an account of its own; the modules behind it need not be loaded anew.
          isolate: false,
          ...PATIENT,
        },
      },
      // The doubles of the platform keep the platform's rules.
      {
        resolve: inNode,
        test: { name: 'support', include: ['test/support/**/*.test.ts'], ...PATIENT },
      },
      // Microsoft's side, held against what is known of the real one.
      {
        test: {
          name: 'sandbox',
          include: ['test/sandbox/**/*.test.ts'],
          exclude: [inBrowser],
          ...PATIENT,
        },
      },
      // The deployed script with real KV, real objects and real sockets.
      {
        test: {
          name: 'workerd',
          include: ['test/workerd/**/*.test.ts'],
          sequence: { groupOrder: 1 },
          ...onWorkerd,
        },
      },
      // The same, and a real browser in front.
      ...(withChromium
        ? [
            {
              test: {
                name: 'chromium',
                include: ['test/chromium/**/*.test.ts', inBrowser],
                // One browser at a time, when nothing else runs: it would miss its deadlines.
                sequence: { groupOrder: 2 },
                fileParallelism: false,
                ...onWorkerd,
              },
            },
          ]
        : []),
    ],
  },
})
