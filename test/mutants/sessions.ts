import type { Mutation } from './mutation.ts'

/** Mutations for the security requirements 25 to 50. */
export const SESSION_MUTATIONS: readonly Mutation[] = []
