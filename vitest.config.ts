import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const inNode = {
  alias: {
    'cloudflare:workers': fileURLToPath(
      new URL('test/support/cloudflare-workers.ts', import.meta.url),
    ),
  },
}

export default defineConfig({
  test: {
    projects: [
      // Functions alone.
      { resolve: inNode, test: { name: 'pure', include: ['test/pure/**/*.test.ts'] } },
      // The whole app, with doubles of the platform beneath it and of Microsoft around it.
      {
        resolve: inNode,
        test: {
          name: 'app',
          include: ['test/app/**/*.test.ts'],
          setupFiles: ['test/support/app-setup.ts'],
        },
      },
      // The doubles of the platform keep the platform's rules.
      { resolve: inNode, test: { name: 'support', include: ['test/support/**/*.test.ts'] } },
      // Microsoft's side, held against what is known of the real one.
      { test: { name: 'sandbox', include: ['test/sandbox/**/*.test.ts'] } },
    ],
  },
})
