/** One deliberate fault in the source, which a test that cites the requirement must notice. */
export interface Mutation {
  /** Number in `docs/security-requirements.md`. */
  readonly requirement: number
  /** What the fault does, e.g. `accepts a token for another audience`. */
  readonly fault: string
  /** From the root, e.g. `src/entra/id-token.ts`. */
  readonly file: string
  /** Text that occurs exactly once in the file. */
  readonly find: string
  readonly replace: string
}
