/** The Workers types know `Buffer` and `process` as `any`; the first declaration counts, so it is made here. */
declare var Buffer: BufferConstructor
declare var process: NodeJS.Process
