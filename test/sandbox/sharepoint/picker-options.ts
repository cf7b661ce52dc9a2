import * as v from 'valibot'
import { byPath, commands, selection, typesAndSources } from './picker-choices.ts'

/**
 * The options of File Picker v8, as a closed schema: an option outside the published schema is a
 * mistake of the host, and accepting it would hide the mistake until the first real tenant.
 */
const flag = v.boolean()
const empty = v.strictObject({})
const text = v.pipe(v.string(), v.minLength(1))
const timeout = v.pipe(v.number(), v.integer(), v.minValue(0))

const entry = v.pipe(
  v.strictObject({
    sharePoint: v.optional(v.strictObject({ byPath: v.optional(byPath) })),
    site: v.optional(empty),
    myOrganization: v.optional(empty),
    oneDrive: v.optional(
      v.strictObject({
        files: v.optional(
          v.strictObject({ folder: v.optional(text), fallbackToRoot: v.optional(flag) }),
        ),
        recent: v.optional(empty),
        sharedWithMe: v.optional(empty),
      }),
    ),
    sortBy: v.optional(v.strictObject({ fieldName: text, isAscending: v.optional(flag) })),
    filterBy: v.optional(v.strictObject({ fieldName: text, value: text })),
  }),
  v.check(
    ({ sharePoint, site, myOrganization, oneDrive }) =>
      [sharePoint, site, myOrganization, oneDrive].filter((family) => family !== undefined)
        .length === 1,
    'entry names exactly one of sharePoint, site, myOrganization, oneDrive',
  ),
)

const authentication = v.strictObject({
  enabled: v.optional(flag),
  tokens: v.optional(
    v.strictObject({
      graph: v.optional(flag),
      sharePoint: v.optional(flag),
      substrate: v.optional(flag),
    }),
  ),
  claimsChallenge: v.optional(v.strictObject({ enabled: v.optional(flag) })),
})

const messaging = v.strictObject({
  origin: v.pipe(
    v.string(),
    v.check((value) => URL.parse(value)?.origin === value, 'messaging.origin is an origin'),
  ),
  channelId: v.pipe(v.string(), v.uuid()),
  identifyParent: v.optional(flag),
  waitForConfiguration: v.optional(flag),
  acknowledgeTimeout: v.optional(timeout),
  initializeTimeout: v.optional(timeout),
  resultTimeout: v.optional(timeout),
})

const OPTIONS = v.strictObject({
  sdk: v.literal('8.0'),
  messaging,
  entry,
  authentication,
  typesAndSources: v.optional(typesAndSources),
  selection: v.optional(selection),
  commands: v.optional(commands),
  search: v.optional(v.strictObject({ enabled: v.optional(flag) })),
  accessibility: v.optional(
    v.strictObject({
      enableFocusTrap: v.optional(flag),
      trapFocusOnLoad: v.optional(flag),
      showFocusOnLoad: v.optional(flag),
    }),
  ),
  tray: v.optional(v.looseObject({})),
  leftNav: v.optional(
    v.strictObject({
      enabled: v.optional(flag),
      mode: v.optional(text),
      initialModality: v.optional(text),
      preset: v.optional(text),
      commands: v.optional(v.array(v.unknown())),
    }),
  ),
  theme: v.optional(v.union([v.picklist(['default', 'dark', 'lists']), v.looseObject({})])),
  list: v.optional(
    v.strictObject({ layout: v.optional(v.unknown()), scrolling: v.optional(v.unknown()) }),
  ),
  title: v.optional(text),
  pivots: v.optional(
    v.strictObject({
      site: v.optional(v.strictObject({ byPath: v.optional(v.strictObject({ web: text })) })),
    }),
  ),
})

export type PickerOptions = v.InferOutput<typeof OPTIONS>

export type ReadOptions =
  | { readonly options: PickerOptions }
  | { readonly problems: readonly string[] }

/** Parses the `filePicker` query parameter (JSON). */
export function readPickerOptions(parameter: string | null): ReadOptions {
  let value: unknown
  try {
    value = JSON.parse(parameter ?? '')
  } catch {
    return { problems: ['filePicker is not JSON'] }
  }
  const parsed = v.safeParse(OPTIONS, value)
  if (parsed.success) return { options: parsed.output }
  return {
    problems: parsed.issues.map(
      (issue) => `${v.getDotPath(issue) ?? 'filePicker'}: ${issue.message}`,
    ),
  }
}
