import { readSettings } from '../../src/settings/settings.ts'

/** Every name that is asked for while these settings are read: the settings there are. */
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
