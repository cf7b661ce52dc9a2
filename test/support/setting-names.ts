import { readSettings } from '../../src/settings/settings.ts'

/** The names of all settings: every name that is read while these values are parsed. */
export function settingNames(values: Readonly<Record<string, string>> = {}): ReadonlySet<string> {
  const asked = new Set<string>()
  readSettings(
    new Proxy<Record<string, unknown>>(values, {
      get: (target, name, receiver): unknown => {
        asked.add(String(name))
        return Reflect.get(target, name, receiver)
      },
    }),
  )
  return asked
}
