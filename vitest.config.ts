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

/** A test that hangs fails; a slow machine alone fails none. */
const PATIENT = {
  testTimeout: 20_000,
  hookTimeout: 20_000,
  expect: { poll: { timeout: 15_000 } },
}

/** The Worker runs on the real runtime (workerd); the tests send requests over sockets. */
const onWorkerd = {
  globalSetup: ['test/support/workerd/build-worker.ts'],
  setupFiles: ['test/support/workerd/show-logs.ts'],
  testTimeout: 30_000,
  hookTimeout: 30_000,
  expect: { poll: { timeout: 15_000 } },
}

/** Tests of the sandbox's own pages in a real browser. */
const inBrowser = 'test/sandbox/**/*.browser.test.ts'

// Without a browser these tests are left out; test/run.ts ends with a warning that says so.
const withChromium = findChromium() !== null || mustHaveChromium()

export default defineConfig({
  test: {
    // Vitest leaves one core free, which on two cores is half of the machine.
    maxWorkers: availableParallelism(),
    projects: [
      // Functions without the app around them. No file leaves anything behind for the next.
      {
        resolve: inNode,
        test: { name: 'pure', include: ['test/pure/**/*.test.ts'], isolate: false, ...PATIENT },
      },
      // The whole app on doubles of Cloudflare's platform and of Microsoft's services.
      {
        resolve: inNode,
        test: {
          name: 'app',
          include: ['test/app/**/*.test.ts'],
          setupFiles: ['test/support/app-setup.ts'],
          // Each test has its own platform and sandbox, so that files can share the loaded modules.
          isolate: false,
          ...PATIENT,
        },
      },
      // The doubles of the platform behave as the platform does.
      {
        resolve: inNode,
        test: { name: 'support', include: ['test/support/**/*.test.ts'], ...PATIENT },
      },
      // The sandbox, compared with what is known of Microsoft's services.
      {
        test: {
          name: 'sandbox',
          include: ['test/sandbox/**/*.test.ts'],
          exclude: [inBrowser],
          ...PATIENT,
        },
      },
      // The deployed script on workerd with real KV, Durable Objects and sockets.
      {
        test: {
          name: 'workerd',
          include: ['test/workerd/**/*.test.ts'],
          sequence: { groupOrder: 1 },
          ...onWorkerd,
        },
      },
      // The same, used by a real browser.
      ...(withChromium
        ? [
            {
              test: {
                name: 'chromium',
                include: ['test/chromium/**/*.test.ts', inBrowser],
                // One file at a time and nothing beside it: a browser on a busy machine misses deadlines.
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
