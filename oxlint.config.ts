import type { OxlintConfig } from 'oxlint'

/*
 * Every lint rule, and the one table of who may import whom. `docs/architecture.md` explains the layers;
 * `test/pure/import-rules.test.ts` shows that a forbidden import fails in a folder and in its sub-folders.
 */

/** Folders and files directly below `src/` (`*`: every one of them). `types`: known by `import type` only. */
interface MayImport {
  readonly values: readonly string[]
  readonly types?: readonly string[]
}

/**
 * Root files without dependencies on folders. `cookies.ts` is one of them, because `session` reads cookies and may
 * not import `http`, which knows sessions.
 */
const EVERYWHERE = [
  'cookies.ts',
  'failure.ts',
  'json.ts',
  'log.ts',
  'paths.ts',
  'time.ts',
  'url.ts',
  'version.ts',
] as const
/** What every feature may stand on. Features do not import each other. */
const BELOW_FEATURES = [
  'http',
  'pages',
  'session',
  'membership',
  'signing',
  'entra',
  'graph',
  'storage',
  'crypto',
  'settings',
  'browser',
] as const
const FEATURES = ['auth', 'people', 'files', 'provider', 'proxy', 'diagnostics'] as const

/** Folder → what it may import. Also read by `npm run house`. */
export const LAYERS: Readonly<Record<string, MayImport>> = {
  'worker.ts': { values: ['edge', 'http', 'settings', ...EVERYWHERE] },
  edge: { values: [...FEATURES, ...BELOW_FEATURES, ...EVERYWHERE] },
  ...Object.fromEntries(
    FEATURES.map((feature) => [feature, { values: [...BELOW_FEATURES, ...EVERYWHERE] }]),
  ),
  http: { values: ['pages', 'settings', 'storage', ...EVERYWHERE], types: ['session', 'entra'] },
  session: {
    values: ['membership', 'entra', 'storage', 'crypto', 'settings', ...EVERYWHERE],
  },
  membership: { values: ['entra', 'graph', 'settings', ...EVERYWHERE] },
  signing: { values: ['storage', 'crypto', 'settings', ...EVERYWHERE], types: ['session'] },
  entra: { values: ['settings', ...EVERYWHERE] },
  graph: { values: [...EVERYWHERE], types: ['entra'] },
  storage: { values: ['crypto', ...EVERYWHERE], types: ['entra'] },
  crypto: { values: [] },
  pages: { values: ['browser', 'paths.ts'], types: ['failure.ts'] },
  settings: { values: ['paths.ts'] },
  browser: { values: ['graph'] },
  'cookies.ts': { values: [] },
  'failure.ts': { values: [] },
  'json.ts': { values: [] },
  'log.ts': { values: [], types: ['events.ts'] },
  'events.ts': { values: [] },
  'paths.ts': { values: [] },
  'time.ts': { values: [] },
  'url.ts': { values: [] },
  'version.ts': { values: [] },
}

/** Modules from outside that have a home; `node:` and `hono/proxy` have none. */
const HOMES: Readonly<Record<string, readonly string[]>> = {
  'cloudflare:workers': ['edge'],
  oauth4webapi: ['entra'],
  jose: ['entra', 'signing', 'crypto'],
  'client-zip': ['files'],
}
const HOMELESS = ['node:.*', 'hono/proxy']

const escape = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`)

/** Matches an import of any of the names below `src/`, from any depth. */
function importOf(names: readonly string[]): string {
  const ends = names.map((name) => (name.endsWith('.ts') ? `${escape(name)}$` : `${escape(name)}/`))
  return String.raw`^(?:\./|(?:\.\./)+)(?:${ends.join('|')})`
}

function importRule(layer: string, { values, types = [] }: MayImport) {
  const known = Object.keys(LAYERS).filter((name) => name !== layer)
  const forbidden = known.filter((name) => !values.includes(name) && !types.includes(name))
  const foreign = [
    ...HOMELESS,
    ...Object.entries(HOMES).flatMap(([name, homes]) =>
      homes.includes(layer) ? [] : [`${escape(name)}(?:/.*)?`],
    ),
  ]
  const patterns = [
    {
      regex: `^(?:${foreign.join('|')})$`,
      message:
        'Another folder keeps this module, or none may have it: see HOMES in oxlint.config.ts.',
    },
    {
      regex: importOf(forbidden),
      message: `${layer} may not import this: see LAYERS in oxlint.config.ts.`,
    },
    ...(types.length === 0
      ? []
      : [{ regex: importOf(types), message: 'Known by type only.', allowTypeImports: true }]),
  ]
  return {
    files: [layer.endsWith('.ts') ? `src/${layer}` : `src/${layer}/**`],
    rules: { 'no-restricted-imports': ['error', { patterns }] },
  } satisfies NonNullable<OxlintConfig['overrides']>[number]
}

const config: OxlintConfig = {
  plugins: ['typescript', 'unicorn', 'oxc', 'import', 'promise'],
  categories: {
    correctness: 'error',
  },
  ignorePatterns: ['dist', 'src/bindings.d.ts'],
  rules: {
    curly: ['error', 'multi-line'],
    eqeqeq: [
      'error',
      'always',
      {
        null: 'ignore',
      },
    ],
    'no-console': 'error',
    'no-shadow': 'error',
    'no-var': 'error',
    'no-else-return': 'error',
    'no-throw-literal': 'error',
    'no-constructor-return': 'error',
    'no-useless-concat': 'error',
    'no-useless-constructor': 'error',
    'preserve-caught-error': 'error',
    'object-shorthand': 'error',
    'prefer-const': 'error',
    'prefer-template': 'error',
    'import/no-cycle': 'error',
    'import/no-default-export': 'error',
    'import/no-duplicates': 'error',
    'import/no-mutable-exports': 'error',
    'import/no-self-import': 'error',
    'import/first': 'error',
    'oxc/no-barrel-file': 'error',
    'oxc/no-const-enum': 'error',
    'promise/no-multiple-resolved': 'error',
    'typescript/array-type': 'error',
    'typescript/ban-ts-comment': 'error',
    'typescript/consistent-type-exports': 'error',
    'typescript/consistent-type-imports': [
      'error',
      {
        fixStyle: 'inline-type-imports',
      },
    ],
    'typescript/no-dynamic-delete': 'error',
    'typescript/no-explicit-any': 'error',
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    'typescript/no-non-null-assertion': 'error',
    'typescript/no-unnecessary-boolean-literal-compare': 'error',
    'typescript/no-unnecessary-template-expression': 'error',
    'typescript/no-unnecessary-type-arguments': 'error',
    'typescript/no-unnecessary-type-assertion': 'error',
    'typescript/no-unsafe-argument': 'error',
    'typescript/no-unsafe-assignment': 'error',
    'typescript/no-unsafe-call': 'error',
    'typescript/no-unsafe-member-access': 'error',
    'typescript/no-unsafe-return': 'error',
    'typescript/only-throw-error': 'error',
    'typescript/prefer-promise-reject-errors': 'error',
    'typescript/prefer-readonly': 'error',
    'typescript/switch-exhaustiveness-check': [
      'error',
      {
        considerDefaultExhaustiveForUnions: true,
      },
    ],
    'typescript/use-unknown-in-catch-callback-variable': 'error',
    'unicorn/no-abusive-eslint-disable': 'error',
    'promise/no-callback-in-promise': 'off',
    'typescript/no-misused-spread': [
      'error',
      {
        allow: ['string'],
      },
    ],
    'typescript/unbound-method': 'off',
    'unicorn/no-useless-spread': 'off',
  },
  overrides: [
    ...Object.entries(LAYERS).map(([layer, mayImport]) => importRule(layer, mayImport)),
    {
      files: ['src/worker.ts', '*.config.ts', 'test/bench/*.js'],
      rules: {
        'import/no-default-export': 'off',
      },
    },
    {
      files: [
        'src/log.ts',
        'findings/**',
        'test/*.ts',
        'test/bench/**',
        'test/sandbox/start.ts',
        'test/sandbox/start/**',
        'test/support/app-setup.ts',
        'test/support/workerd/show-logs.ts',
      ],
      rules: {
        'no-console': 'off',
      },
    },
    {
      files: ['**/*.js'],
      rules: {
        'typescript/no-unsafe-argument': 'off',
        'typescript/no-unsafe-assignment': 'off',
        'typescript/no-unsafe-call': 'off',
        'typescript/no-unsafe-member-access': 'off',
        'typescript/no-unsafe-return': 'off',
        'typescript/use-unknown-in-catch-callback-variable': 'off',
        'typescript/no-misused-promises': 'off',
      },
    },
    {
      files: ['test/**/*.test.ts'],
      plugins: ['vitest'],
      rules: {
        'vitest/expect-expect': [
          'error',
          {
            assertFunctionNames: ['expect', 'expect*'],
          },
        ],
        'vitest/no-conditional-expect': 'off',
        'vitest/no-conditional-tests': 'error',
        'vitest/no-disabled-tests': 'error',
        'vitest/no-focused-tests': 'error',
        'vitest/no-identical-title': 'error',
        'vitest/require-mock-type-parameters': 'off',
        'vitest/valid-expect': [
          'error',
          {
            maxArgs: 2,
          },
        ],
        'vitest/require-to-throw-message': 'off',
        'typescript/no-unsafe-assignment': 'off',
        'typescript/no-unnecessary-type-assertion': 'off',
        'typescript/no-base-to-string': 'off',
        'typescript/no-misused-spread': 'off',
      },
    },
    {
      files: ['**/*.d.ts'],
      rules: {
        'no-var': 'off',
      },
    },
    {
      files: ['test/chromium/**/*.test.ts', 'test/**/*.browser.test.ts'],
      plugins: ['vitest'],
      rules: {
        'vitest/expect-expect': 'off',
      },
    },
  ],
}

export default config
