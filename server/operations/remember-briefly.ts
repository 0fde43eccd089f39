/**
 * Lets many callers share one answer: whoever asks while it is being made waits for the same one, and for a while
 * after it was made it is given again. A failure is not remembered: the next caller asks anew.
 */
export function rememberBriefly<Value>(
  forMs: number,
  make: () => Promise<Value>,
  now: () => number = () => performance.now(),
): () => Promise<Value> {
  let current: { value: Promise<Value>; madeAt: number | null } | null = null;
  return () => {
    if (current && (current.madeAt === null || now() - current.madeAt < forMs)) return current.value;
    const entry: NonNullable<typeof current> = { value: make(), madeAt: null };
    current = entry;
    entry.value.then(
      () => {
        entry.madeAt = now();
      },
      () => {
        current = null;
      },
    );
    return entry.value;
  };
}
