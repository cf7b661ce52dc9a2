import { isGuid } from '../settings/guid.ts'
import type { Principal } from './principal.ts'

/** Those of whom it is not known yet whether the directory has them. */
export function unverified(
  people: readonly Principal[],
  users: readonly Principal[],
): readonly Principal[] {
  const find = finderIn(users)
  return people.filter((person) => find(person) === undefined)
}

/** In Graph's order, each as the directory has them. Who is not in it (any more) is left out. */
export function verified(
  people: readonly Principal[],
  users: readonly Principal[],
): readonly Principal[] {
  const find = finderIn(users)
  return people.flatMap((person) => {
    const user = find(person)
    return user === undefined
      ? []
      : [{ ...user, description: user.description ?? person.description }]
  })
}

/** By object id, or by principal name where Graph names a mailbox instead. */
function finderIn(users: readonly Principal[]): (person: Principal) => Principal | undefined {
  const nameOf = ({ username }: Principal) => (username ?? '').toLowerCase()
  const found = new Map(
    users.flatMap((user) => [
      [user.id, user],
      [nameOf(user), user],
    ]),
  )
  return (person) => found.get(isGuid(person.id) ? person.id : nameOf(person))
}
