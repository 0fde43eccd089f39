type Asked = { state: { status: string; data: unknown } };

/**
 * Asks again every so many milliseconds. What could not be read at all waits for the person instead: a new try would
 * take the reason off the screen, and put it back a moment later.
 */
export const every =
  (ms: number) =>
  ({ state }: Asked): number | false =>
    state.status === "error" && state.data === undefined ? false : ms;
