import { operationOutput, preparedOperationOutput } from "#core/schemas/account.ts";
import { type CashOut, cashOutOutput } from "#core/schemas/reward.ts";
import { addPasskey } from "../identity/passkey-ceremonies.ts";
import { signOperation } from "../identity/sign-operation.ts";
import { callFeedApi, FeedRefusal } from "./feed-api.ts";

/** The least that is worth a cash-out: one cent. */
export const CASH_OUT_UNITS_MIN = 10_000n;
const POLL_MS = 800;
const WAIT_MS_MAX = 180_000;

export type CashOutStep = "leaving" | "confirming" | "arriving";

/** Takes money out of the balance. It is then promised, whatever happens to this page. */
export function requestCashOut(units: bigint, key: string): Promise<CashOut> {
  return callFeedApi("/rewards/cash-outs", cashOutOutput, { units: units.toString(), key });
}

/**
 * Brings a cash-out all the way: waits until it can be collected, asks for the person's confirmation, and waits until
 * it arrived. Called again for a cash-out that is under way, it goes on where that one is.
 */
export async function finishCashOut(
  id: string,
  onStep: (step: CashOutStep) => void,
  signal: AbortSignal,
): Promise<CashOut> {
  onStep("leaving");
  const ready = await waitFor(id, ({ status }) => status === "ready" || status === "arrived", signal);
  if (ready.status === "arrived") return ready;
  onStep("confirming");
  const prepared = await callFeedApi("/rewards/claims", preparedOperationOutput, {});
  const signature = await signOperation(prepared);
  onStep("arriving");
  const sent = await callFeedApi(`/account/user-operations/${prepared.id}/submit`, operationOutput, { signature });
  if (sent.status === "failed") throw new FeedRefusal(409, "CLAIM_NOT_READY");
  return waitFor(id, ({ status }) => status === "arrived", signal);
}

/** Gives the person's account an owner: their face, finger or PIN on this device. */
export async function createPasskey(): Promise<void> {
  const name = /Mobi/.test(navigator.userAgent) ? "My phone" : "My device";
  await addPasskey(name);
}

async function waitFor(id: string, isThere: (cashOut: CashOut) => boolean, signal: AbortSignal): Promise<CashOut> {
  const until = Date.now() + WAIT_MS_MAX;
  for (;;) {
    const cashOut = await callFeedApi(`/rewards/cash-outs/${id}`, cashOutOutput).catch((error: unknown) => {
      // A lost connection changes nothing about the money; asking goes on.
      if (error instanceof FeedRefusal && error.status < 500) throw error;
      return null;
    });
    if (cashOut && isThere(cashOut)) return cashOut;
    if (signal.aborted || Date.now() > until) throw new FeedRefusal(409, "CLAIM_NOT_READY");
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
