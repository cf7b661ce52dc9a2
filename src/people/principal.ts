import * as v from 'valibot'

/** A person or group of the directory, with what is needed to show it and to find it again. */
export const PrincipalSchema = v.object({
  /** Entra object id, lower case. */
  id: v.string(),
  type: v.picklist(['user', 'group']),
  name: v.string(),
  email: v.nullable(v.string()),
  /** User principal name; `null` for groups. */
  username: v.nullable(v.string()),
  description: v.nullable(v.string()),
  /** Further names it is searched by: given name, surname, mail nickname. Not shown. */
  alsoKnownAs: v.array(v.string()),
})

export type Principal = Readonly<v.InferOutput<typeof PrincipalSchema>>
