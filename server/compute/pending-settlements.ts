import { log } from "#server/log.ts";

// Next bundles each route on its own; a process that ends waits for all of them.
const shared = globalThis as typeof globalThis & { convergeSettlements?: Set<Promise<unknown>> };
shared.convergeSettlements ??= new Set();
const pending: Set<Promise<unknown>> = shared.convergeSettlements;

/**
 * Money that moves after the answer has left: the caller does not wait for it, a process that is told to end does. One
 * that is killed leaves the reservation, which expires and is released: the answer was then free.
 */
export function settleLater(inferenceId: string, settlement: Promise<unknown>): void {
  const watched = settlement
    .catch((error: unknown) => log.error({ event: "inference.unsettled", inferenceId, err: error }))
    .finally(() => pending.delete(watched));
  pending.add(watched);
}

export async function allSettled(): Promise<void> {
  while (pending.size > 0) await Promise.all(pending);
}
