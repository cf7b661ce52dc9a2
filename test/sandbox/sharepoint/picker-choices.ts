import * as v from 'valibot'

/** The picker options for what may be chosen and which buttons are shown. */
const flag = v.boolean()
const empty = v.strictObject({})
const text = v.pipe(v.string(), v.minLength(1))

export const byPath = v.strictObject({
  web: v.optional(text),
  list: v.optional(text),
  folder: v.optional(text),
  fallbackToRoot: v.optional(flag),
})

const KEYWORDS =
  'folder site documentLibrary list onenote file media photo video audio document listItem playlist syntexTemplate syntexSnippet syntexField'.split(
    ' ',
  )

const pivots = v.strictObject({
  oneDrive: v.optional(flag),
  recent: v.optional(flag),
  shared: v.optional(flag),
  sharedLibraries: v.optional(flag),
  myOrganization: v.optional(flag),
  site: v.optional(flag),
})

export const typesAndSources = v.strictObject({
  mode: v.optional(v.picklist(['files', 'folders', 'all'])),
  filters: v.optional(
    v.array(
      v.pipe(
        v.string(),
        v.check((filter) => KEYWORDS.includes(filter) || /^\.\w+$/.test(filter), 'no such filter'),
      ),
    ),
  ),
  locations: v.optional(
    v.strictObject({
      oneDrive: v.optional(empty),
      sharePoint: v.optional(v.strictObject({ byPath: v.optional(byPath) })),
    }),
  ),
  access: v.optional(v.strictObject({ mode: v.optional(v.picklist(['read', 'read-write'])) })),
  pivots: v.optional(pivots),
})

export const selection = v.strictObject({
  mode: v.optional(v.picklist(['single', 'multiple', 'pick'])),
  enablePersistence: v.optional(flag),
  enableNotifications: v.optional(flag),
  maximumCount: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  sourceItems: v.optional(v.array(v.unknown())),
})

const switchable = v.strictObject({
  enabled: v.optional(flag),
  mode: v.optional(text),
  label: v.optional(text),
})

export const commands = v.strictObject({
  pick: v.optional(
    v.strictObject({
      action: v.optional(v.picklist(['select', 'share', 'download', 'move'])),
      label: v.optional(text),
      move: v.optional(v.unknown()),
      copy: v.optional(v.unknown()),
      select: v.optional(
        v.strictObject({ urls: v.optional(v.strictObject({ download: v.optional(flag) })) }),
      ),
    }),
  ),
  close: v.optional(v.strictObject({ label: v.optional(text) })),
  browseThisDevice: v.optional(switchable),
  fromALink: v.optional(switchable),
  switchAccount: v.optional(switchable),
  manageAccounts: v.optional(switchable),
  upload: v.optional(switchable),
  createFolder: v.optional(switchable),
  filterByColumn: v.optional(v.strictObject({ mode: v.optional(text) })),
  customFormatter: v.optional(v.strictObject({ actions: v.array(v.unknown()) })),
  custom: v.optional(v.strictObject({ actions: v.array(v.unknown()) })),
})
