import { isTransient, readApiError } from "./read-api-error.ts";

/** Changes that move money: asked for twice, they must happen once. */
const MOVES_MONEY: ReadonlySet<string> = new Set([
  "account.requestWithdrawal",
  "adjustment.propose",
  "agent.fundAgent",
  "agent.pay",
  "agent.deposit",
  "reward.requestCashOut",
]);

/** No answer yet, or none that says how it ended: the same request may come again and has to be known as the same. */
const isUndecided = (error: unknown): boolean =>
  isTransient(error) || readApiError(error).code === "IDEMPOTENCY_IN_PROGRESS";

/**
 * Idempotency keys for what a person asks in the browser.
 *
 * A request keeps its key until its answer is known. Whoever presses again after an answer was lost therefore repeats the
 * first request; whoever asks for the same thing once more after an answer makes a new one.
 */
export function createKeyKeeper(freshKey: () => string = () => crypto.randomUUID()) {
  const undecided = new Map<string, string>();
  return {
    keyFor(path: string, input: unknown): { key: string; settle: (error?: unknown) => void } | null {
      if (!MOVES_MONEY.has(path)) return null;
      const name = `${path} ${JSON.stringify(input)}`;
      const key = undecided.get(name) ?? freshKey();
      undecided.set(name, key);
      return {
        key,
        settle: (error) => {
          if (error === undefined || !isUndecided(error)) undecided.delete(name);
        },
      };
    },
  };
}
