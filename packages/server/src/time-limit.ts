/**
 * What `work` answers, or `late` after so many milliseconds. It goes on all the same, unheard.
 * @throws what `work` throws in time
 */
export async function within<T, L>(limitMs: number, work: Promise<T>, late: L): Promise<T | L> {
  const over = Promise.withResolvers<L>()
  // A turn later: after a pause of our own, an answer that has come already is read before it counts as late.
  const timer = setTimeout(() => setImmediate(() => over.resolve(late)), limitMs)
  try {
    return await Promise.race([work, over.promise])
  } finally {
    clearTimeout(timer)
  }
}
