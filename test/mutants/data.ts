import type { Mutation } from './mutation.ts'

/** Mutations for the security requirements 79 to 100. */
export const DATA_MUTATIONS: readonly Mutation[] = []
