import type { Mutation } from './mutation.ts'

/** Mutations for the security requirements 51 to 78. */
export const REQUEST_MUTATIONS: readonly Mutation[] = []
