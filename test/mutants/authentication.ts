import type { Mutation } from './mutation.ts'

/** Mutations for the security requirements 1 to 24. */
export const AUTHENTICATION_MUTATIONS: readonly Mutation[] = []
