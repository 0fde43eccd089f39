/**
 * Finds the first stop text in a stream. What could still turn out to be the beginning of one is held back, so that
 * a client never sees a part of it.
 */
export function createStopMatcher(stops: readonly string[]) {
  let held = "";
  const holdBack = (text: string): number => {
    for (
      let length = Math.min(text.length, Math.max(0, ...stops.map((stop) => stop.length - 1)));
      length > 0;
      length--
    ) {
      const tail = text.slice(-length);
      if (stops.some((stop) => stop.startsWith(tail))) return length;
    }
    return 0;
  };
  return {
    /** What may be delivered now, and whether a stop text was met. */
    push(text: string): { text: string; stopped: boolean } {
      const all = held + text;
      const found = stops.map((stop) => all.indexOf(stop)).filter((at) => at >= 0);
      if (found.length > 0) {
        held = "";
        return { text: all.slice(0, Math.min(...found)), stopped: true };
      }
      const keep = holdBack(all);
      held = all.slice(all.length - keep);
      return { text: all.slice(0, all.length - keep), stopped: false };
    },
    /** What was held back, when the stream ends without a stop text. */
    rest(): string {
      const text = held;
      held = "";
      return text;
    },
  };
}
