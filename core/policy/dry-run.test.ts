import fc from "fast-check";
import { type Address, parseAbi } from "viem";
import { encodeFunctionData, getAddress, toHex } from "viem/utils";
import { describe, expect, test } from "vitest";
import { type DryRunContext, dryRun, type PastAction } from "./dry-run.ts";
import { evaluatePolicy } from "./evaluate-policy.ts";
import type { Execution } from "./execution.ts";
import type { Guards } from "./guards.ts";
import { firstArgumentIs } from "./language.ts";
import type { AgentPolicy } from "./policy.ts";
import { anyPolicy, callsFor } from "./testing/random-policies.ts";

const at = (n: number): Address => getAddress(toHex(n + 1, { size: 20 }));
const [USD, WETH, LISTED_NOWHERE, PAYEE, SELLER, ACCOUNT, KEY] = [at(1), at(2), at(3), at(4), at(5), at(6), at(7)];
const NOW = 1_800_000_000;
const HOUR = 3_600;
const ONE = 10n ** 18n;
const ABI = parseAbi(["function transfer(address to, uint256 amount)"]);
const context: DryRunContext = {
  account: ACCOUNT,
  nowSeconds: NOW,
  market: { usd: USD, priced: new Set([WETH]) },
};

const NONE: Guards = { usd: null, hours: [], outcome: null, approvals: null, purchases: null, changes: null };
const policyOf = (guards: Partial<Guards> | null): AgentPolicy => ({
  validAfter: 0,
  validUntil: NOW + HOUR,
  windowSeconds: HOUR,
  gasPerWindow: 0n,
  guards: guards && { ...NONE, ...guards },
  caps: [USD, WETH, LISTED_NOWHERE].map((token) => ({ token, perTransaction: 10n ** 30n, perWindow: 10n ** 30n })),
  rules: [USD, WETH, LISTED_NOWHERE].map((target) => ({
    effect: "allow",
    target,
    selector: "0xa9059cbb",
    valueMax: 0n,
    conditions: [firstArgumentIs(PAYEE)],
    proof: null,
  })),
});

let ids = 0;
const ALLOWED = { wasDone: true, waited: false, isHeldElsewhere: false };
type Change = Partial<Pick<PastAction, "wasDone" | "waited" | "isHeldElsewhere">>;

const transfer = (token: Address, amount: bigint, to = PAYEE): Execution => ({
  key: KEY,
  calls: [
    {
      target: token,
      value: 0n,
      data: encodeFunctionData({ abi: ABI, functionName: "transfer", args: [to, amount] }),
    },
  ],
  inferenceIds: [],
});
const paid = (
  token: Address,
  amount: bigint,
  {
    atSeconds = NOW - 60,
    price = null as bigint | null,
    ...change
  }: Change & { atSeconds?: number; price?: bigint | null } = {},
): PastAction => ({
  kind: "action",
  id: `pay_${ids++}`,
  atSeconds,
  execution: transfer(token, amount),
  prices: new Map(price === null ? [] : [[WETH, { decimals: 18, answer: price, answeredAtSeconds: atSeconds - 5 }]]),
  ...ALLOWED,
  ...change,
});
const bought = (
  amount: bigint | null,
  { atSeconds = NOW - 60, to = SELLER, ...change }: Change & { atSeconds?: number; to?: Address } = {},
): PastAction => ({
  kind: "purchase",
  id: `buy_${ids++}`,
  atSeconds,
  purchase: amount === null ? null : { to, amount },
  ...ALLOWED,
  ...change,
});

const run = (guards: Partial<Guards> | null, past: PastAction[]) => dryRun(policyOf(guards), past, context);
const NOTHING_UNTRIED = { actions: 0, guards: [] };
const utc = (text: string) => Date.parse(text) / 1_000;

/** How it was judged before guards were: rules and caps alone. */
function byRulesAndCaps(policy: AgentPolicy, past: readonly (PastAction & { kind: "action" })[]) {
  const verdicts: (string | null)[] = [];
  let done: { atSeconds: number; spent: ReadonlyMap<Address, bigint> }[] = [];
  const timely = { ...policy, validAfter: 0, validUntil: Math.max(policy.validUntil, NOW) };
  for (const { atSeconds, execution } of past) {
    done = done.filter((one) => one.atSeconds > atSeconds - policy.windowSeconds);
    const spentInWindow = new Map<Address, bigint>();
    for (const { spent } of done)
      for (const [token, amount] of spent) spentInWindow.set(token, (spentInWindow.get(token) ?? 0n) + amount);
    const verdict = evaluatePolicy(timely, execution, { account: ACCOUNT, paused: false, spentInWindow }, NOW);
    if (verdict.allowed) done.push({ atSeconds, spent: verdict.spent });
    verdicts.push(verdict.allowed ? null : verdict.rule);
  }
  return verdicts;
}

describe("without guards", () => {
  test("an action comes out by rules and caps alone, as it always did", () => {
    const anyPast = anyPolicy.chain((policy) =>
      fc.tuple(
        fc.constant({ ...policy, guards: null }),
        fc.array(fc.tuple(callsFor(policy), fc.nat(7_200), fc.boolean()), { maxLength: 12 }),
      ),
    );
    fc.assert(
      fc.property(anyPast, ([policy, wanted]) => {
        const past = wanted
          .toSorted(([, before], [, after]) => before - after)
          .map(([calls, atSeconds, wasDone], index) => ({
            ...ALLOWED,
            kind: "action" as const,
            id: `${index}`,
            atSeconds,
            wasDone,
            prices: new Map(),
            execution: { key: KEY, calls, inferenceIds: [] },
          }));
        const verdicts = byRulesAndCaps(policy, past);
        const result = dryRun(policy, past, context);
        const changed = past.filter(({ wasDone }, index) => wasDone !== (verdicts[index] === null));
        expect(result.changes.map(({ id }) => id)).toEqual(changed.map(({ id }) => id));
        expect(result.changes.map(({ rule }) => rule)).toEqual(changed.map(({ id }) => verdicts[Number(id)]));
        expect(result).toMatchObject({ tried: past.length, stillWaiting: 0, untried: NOTHING_UNTRIED });
        expect(result.stillAllowed + result.stillDenied + changed.length).toBe(past.length);
      }),
    );
  });

  test("guards that ask for nothing change nothing", () => {
    const past = [paid(USD, 5n), paid(WETH, ONE), paid(USD, 9n, { wasDone: false })];
    expect(run(NONE, past)).toEqual(run(null, past));
  });

  test("what waited before does not wait any more, and what was bought is not", () => {
    const { changes } = run(null, [paid(USD, 5n, { waited: true }), bought(5n)]);
    expect(changes).toMatchObject([
      { kind: "action", waited: true, would: "allowed" },
      { kind: "purchase", wasDone: true, would: "denied", rule: "purchases" },
    ]);
  });

  test("what a breaker or the chain refused stays refused, whatever the policy", () => {
    const held = paid(USD, 5n, { wasDone: false, isHeldElsewhere: true });
    expect(run(null, [held])).toMatchObject({ tried: 1, stillDenied: 1, changes: [] });
  });
});

describe("hours", () => {
  const hours = [{ days: [1, 2, 3, 4, 5, 6, 7], from: "09:00", to: "17:00", timeZone: "Europe/Vienna" }];
  const isAllowed = (time: string) => run({ hours }, [paid(USD, 1n, { atSeconds: utc(time) })]).stillAllowed === 1;

  test("are those of the action's own time, and of its place on either side of daylight saving", () => {
    // Winter time until 29 March 2026, then summer time until 25 October.
    expect(isAllowed("2026-03-28T07:59:00Z")).toBe(false);
    expect(isAllowed("2026-03-28T08:00:00Z")).toBe(true);
    expect(isAllowed("2026-03-29T06:59:00Z")).toBe(false);
    expect(isAllowed("2026-03-29T07:00:00Z")).toBe(true);
    expect(isAllowed("2026-10-24T14:59:00Z")).toBe(true);
    expect(isAllowed("2026-10-24T15:00:00Z")).toBe(false);
    expect(isAllowed("2026-10-25T15:59:00Z")).toBe(true);
    expect(isAllowed("2026-10-25T16:00:00Z")).toBe(false);
  });

  test("have the hour twice that the clock has twice, and not the one that it leaves out", () => {
    const night = [{ days: [7], from: "02:00", to: "03:00", timeZone: "Europe/Vienna" }];
    const past = (times: string[]) => times.map((time) => paid(USD, 1n, { atSeconds: utc(time) }));
    const twice = ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"];
    expect(run({ hours: night }, past(twice))).toMatchObject({ stillAllowed: 2 });
    const leftOut = ["2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z"];
    expect(run({ hours: night }, past(leftOut))).toMatchObject({ stillAllowed: 0 });
  });

  test("hold for purchases too", () => {
    const purchases = { payees: [SELLER], perPayment: 50n, perWindow: 100n };
    const { changes } = run({ hours, purchases }, [bought(1n, { atSeconds: utc("2026-06-01T03:00:00Z") })]);
    expect(changes).toMatchObject([{ kind: "purchase", would: "denied", rule: "hours" }]);
  });
});

describe("the value in dollars", () => {
  const usd = { perTransaction: 1_000_000_000n, perWindow: 1_500_000_000n };

  test("is by the price of then, not of now", () => {
    const before = paid(WETH, ONE / 2n, { price: 1_900_00000000n });
    const after = paid(WETH, ONE / 2n, { price: 3_000_00000000n });
    expect(run({ usd }, [before])).toMatchObject({ stillAllowed: 1 });
    expect(run({ usd }, [after]).changes).toMatchObject([{ would: "denied", rule: "usd-per-transaction" }]);
  });

  test("adds up in its window, by what the policy would have let through of it", () => {
    const past = [
      paid(USD, 900_000_000n, { atSeconds: NOW - 3 * HOUR }),
      paid(USD, 900_000_000n, { atSeconds: NOW - HOUR }),
      paid(USD, 900_000_000n, { atSeconds: NOW - HOUR + 1 }),
      paid(USD, 600_000_000n, { atSeconds: NOW - HOUR + 2 }),
    ];
    const result = run({ usd }, past);
    expect(result).toMatchObject({ tried: 4, stillAllowed: 3 });
    expect(result.changes).toMatchObject([{ id: past[2]?.id, rule: "usd-per-window" }]);
  });

  test("is not made up where no price was noted; what is certain without it is said", () => {
    const unknown = paid(WETH, ONE, { atSeconds: NOW - 100 });
    const past = [
      unknown,
      paid(USD, 100n, { atSeconds: NOW - 90 }),
      paid(USD, 2_000_000_000n, { atSeconds: NOW - 80 }),
    ];
    const result = run({ usd }, past);
    // The second one's window has something in it of which nobody knows the value.
    expect(result.untried).toEqual({ actions: 2, guards: [{ guard: "usd", why: "price-not-noted", actions: 2 }] });
    expect(result.changes).toMatchObject([{ id: past[2]?.id, rule: "usd-per-transaction" }]);
    expect(result.tried).toBe(1);
  });

  test("of what has no feed at all is unknown then as now, and denies", () => {
    expect(run({ usd }, [paid(LISTED_NOWHERE, 1n)]).changes).toMatchObject([{ rule: "price-unknown" }]);
  });

  test("of what was refused and could not be tried counts in no window", () => {
    const past = [paid(WETH, ONE, { wasDone: false }), paid(USD, 100n)];
    expect(run({ usd }, past)).toMatchObject({ stillAllowed: 1, untried: { actions: 1 } });
  });
});

describe("approvals", () => {
  const approvers = [1, 2, 3].map((n) => ({ owner: toHex(n, { size: 20 }), name: `Person ${n}` }));
  const approvals = { over: 5_000_000n, needed: 2, approvers };

  test("an action above the line would have waited; one that waited waits still", () => {
    const past = [
      paid(USD, 5_000_000n),
      paid(USD, 5_000_001n),
      paid(USD, 6_000_000n, { waited: true }),
      paid(USD, 7_000_000n, { wasDone: false }),
    ];
    const result = run({ approvals }, past);
    expect(result).toMatchObject({ tried: 4, stillAllowed: 1, stillWaiting: 1, untried: NOTHING_UNTRIED });
    expect(result.changes).toMatchObject([
      {
        id: past[1]?.id,
        would: "waits",
        rule: "approvals",
        value: "$5.00 > $5.00",
        fix: "2 of 3 approve of it first.",
      },
      { id: past[3]?.id, would: "waits" },
    ]);
  });

  test("what would have waited counts in the window when it was done, as if it had been approved", () => {
    const usd = { perTransaction: 10_000_000n, perWindow: 10_000_000n };
    const wanted = (wasDone: boolean) => [paid(USD, 6_000_000n, { wasDone }), paid(USD, 5_000_000n)];
    expect(run({ usd, approvals }, wanted(true)).changes).toMatchObject([
      { would: "waits" },
      { rule: "usd-per-window" },
    ]);
    expect(run({ usd, approvals }, wanted(false)).changes).toMatchObject([{ would: "waits" }]);
  });

  test("are not tried where no price was noted", () => {
    expect(run({ approvals }, [paid(WETH, ONE)]).untried.guards).toEqual([
      { guard: "approvals", why: "price-not-noted", actions: 1 },
    ]);
  });
});

describe("purchases", () => {
  const purchases = { payees: [SELLER], perPayment: 50n, perWindow: 100n };

  test("have their own payees, cap and window, apart from what the account spends", () => {
    const past = [
      bought(50n),
      paid(USD, 10n ** 12n),
      bought(51n),
      bought(1n, { to: PAYEE }),
      bought(50n),
      bought(1n),
      bought(50n, { atSeconds: NOW + 2 * HOUR, wasDone: false }),
    ];
    const result = run({ purchases }, past);
    expect(result.changes.map(({ rule }) => rule)).toEqual(["purchase-cap", "purchase-payee", "purchase-window", null]);
    expect(result).toMatchObject({ tried: 7, stillAllowed: 3, untried: NOTHING_UNTRIED });
  });

  test("that were refused before it was written down what they were for are not tried, or denied with all others", () => {
    const refused = bought(null, { wasDone: false });
    expect(run({ purchases }, [refused]).untried.guards).toEqual([
      { guard: "purchases", why: "payment-not-noted", actions: 1 },
    ]);
    expect(run(null, [refused])).toMatchObject({ stillDenied: 1, untried: NOTHING_UNTRIED });
  });
});

test("what a trial came to is not known of the past: not tried, once for each action, unless something else denies it", () => {
  const outcome = { lossBpsMax: 100, floors: [] };
  const usd = { perTransaction: 10n, perWindow: 100n };
  const result = run({ outcome, usd }, [paid(USD, 5n), paid(WETH, ONE), paid(USD, 11n)]);
  expect(result.untried).toEqual({
    actions: 2,
    guards: [
      { guard: "outcome", why: "trial-not-noted", actions: 2 },
      { guard: "usd", why: "price-not-noted", actions: 1 },
    ],
  });
  expect(result.changes).toMatchObject([{ would: "denied", rule: "usd-per-transaction" }]);
});
