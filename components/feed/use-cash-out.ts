import { useCallback, useEffect, useRef, useState } from "react";
import { newId } from "#core/ids.ts";
import { type CashOut, cashOutsOutput } from "#core/schemas/reward.ts";
import { NotSigned } from "../identity/sign-operation.ts";
import { CASH_OUT_UNITS_MIN, type CashOutStep, createPasskey, finishCashOut, requestCashOut } from "./cash-out.ts";
import { callFeedApi, FeedRefusal } from "./feed-api.ts";
import type { FeedSession } from "./feed-session.ts";

export type CashOutState =
  | { kind: "idle" }
  /** Nothing has left the balance: there is no account to receive it yet. */
  | { kind: "needs-passkey"; isBusy: boolean; message: string | null }
  | { kind: "moving"; step: CashOutStep; cashOut: CashOut | null }
  | { kind: "arrived"; cashOut: CashOut }
  /** It stopped on the way; `cashOut` is set when the money has left the balance and is safe. */
  | { kind: "stopped"; cashOut: CashOut | null; message: string };

/** Cashing out, from the tap to the arrival, and again from wherever an earlier visit left it. */
export function useCashOut(session: FeedSession) {
  const [state, setState] = useState<CashOutState>({ kind: "idle" });
  const [underWay, setUnderWay] = useState<CashOut | null>(null);
  const leaving = useRef(new AbortController());

  useEffect(() => {
    const controller = new AbortController();
    leaving.current = controller;
    callFeedApi("/rewards/cash-outs?limit=1", cashOutsOutput)
      .then(
        ({ data }) =>
          !controller.signal.aborted && setUnderWay(data.find(({ status }) => status !== "arrived") ?? null),
      )
      // Offline there is nothing to go on with; the next visit asks again.
      .catch(() => undefined);
    return () => controller.abort();
  }, []);

  const finish = useCallback(
    async (cashOut: CashOut) => {
      const { signal } = leaving.current;
      setUnderWay(cashOut);
      try {
        const onStep = (step: CashOutStep) => setState({ kind: "moving", step, cashOut });
        const arrived = await finishCashOut(cashOut.id, onStep, signal);
        setUnderWay(null);
        setState({ kind: "arrived", cashOut: arrived });
        await session.refreshBalance();
      } catch (error) {
        if (!signal.aborted) setState({ kind: "stopped", cashOut, message: sentenceOf(error) });
      }
    },
    [session],
  );

  const start = useCallback(async () => {
    setState({ kind: "moving", step: "leaving", cashOut: null });
    try {
      // What was read up to this tap goes along.
      const units = await session.sendNow();
      if (units < CASH_OUT_UNITS_MIN) {
        setState({ kind: "stopped", cashOut: null, message: "You can cash out from one cent on. Nearly there." });
        return;
      }
      const cashOut = await requestCashOut(units, newId("cashOut"));
      await session.refreshBalance();
      await finish(cashOut);
    } catch (error) {
      const needsPasskey = error instanceof FeedRefusal && error.code === "OWNER_REQUIRED";
      setState(
        needsPasskey
          ? { kind: "needs-passkey", isBusy: false, message: null }
          : { kind: "stopped", cashOut: null, message: sentenceOf(error) },
      );
    }
  }, [finish, session]);

  const addPasskey = useCallback(async () => {
    setState({ kind: "needs-passkey", isBusy: true, message: null });
    try {
      await createPasskey();
    } catch (error) {
      setState({ kind: "needs-passkey", isBusy: false, message: sentenceOf(error) });
      return;
    }
    await start();
  }, [start]);

  return { state, underWay, start, finish, addPasskey, reset: () => setState({ kind: "idle" }) };
}

const SENTENCES: Record<string, string> = {
  INSUFFICIENT_FUNDS: "Your balance changed in the meantime. Try again with what is there.",
  CLAIM_NOT_READY: "It is taking longer than usual. It is safe and will be ready in a moment.",
  CASH_OUT_ABOVE_LIMIT: "That is more than one cash-out can carry. Cash out a part first.",
  UNAUTHENTICATED: "You were signed out. Sign in and go on from here.",
  RATE_LIMITED: "Too many tries at once. Wait a minute.",
};

/** In this feed's own words: whoever reads to earn is not asked to know what an account is made of. */
function sentenceOf(error: unknown): string {
  if (error instanceof FeedRefusal) {
    const sentence = SENTENCES[error.code] ?? "That did not work on our side. Your money is safe; try again.";
    return error.requestId && !SENTENCES[error.code] ? `${sentence} (${error.requestId})` : sentence;
  }
  if (error instanceof NotSigned || (error instanceof Error && error.name === "NotAllowedError"))
    return "You did not confirm. Nothing is lost.";
  if (error instanceof Error && error.name === "InvalidStateError")
    return "This device has a passkey already. Use it to sign in.";
  return "No connection right now. Your money is safe; try again.";
}
