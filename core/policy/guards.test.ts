import fc from "fast-check";
import type { Address } from "viem";
import { describe, expect, test } from "vitest";
import {
  areGuardsWithin,
  evaluateGuards,
  evaluatePurchase,
  type GuardFacts,
  type Guards,
  guardsSchema,
  guardsToJson,
  hashGuards,
  isWithinHours,
  othersNeeded,
} from "./guards.ts";

const USD: Address = "0x1000000000000000000000000000000000000001";
const WETH: Address = "0x2000000000000000000000000000000000000002";
const OTHER: Address = "0x4000000000000000000000000000000000000004";
const NOW = 1_800_000_000;
const ONE = 10n ** 18n;

const NONE: Guards = { usd: null, hours: [], outcome: null, approvals: null, purchases: null, changes: null };
const factsOf = (change: Partial<GuardFacts> = {}): GuardFacts => ({
  nowSeconds: NOW,
  usd: USD,
  prices: new Map([[WETH, { decimals: 18, answer: 3_000_00000000n, answeredAtSeconds: NOW - 10 }]]),
  usdInWindow: 0n,
  outcome: null,
  ...change,
});
const judge = (guards: Partial<Guards>, spent: [Address, bigint][], facts: Partial<GuardFacts> = {}) =>
  evaluateGuards({ ...NONE, ...guards }, new Map(spent), factsOf(facts));
const usd = { perTransaction: 1_000_000_000n, perWindow: 2_000_000_000n };

describe("the value in dollars", () => {
  test("adds up what all tokens are worth", () => {
    expect(
      judge({ usd }, [
        [USD, 400_000_000n],
        [WETH, ONE / 10n],
      ]),
    ).toMatchObject({ allowed: true, usd: 700_000_001n });
    expect(
      judge({ usd }, [
        [USD, 400_000_000n],
        [WETH, ONE / 4n],
      ]),
    ).toMatchObject({ rule: "usd-per-transaction" });
  });

  test("counts what was signed for before", () => {
    const facts = { usdInWindow: 1_500_000_000n };
    expect(judge({ usd }, [[USD, 500_000_000n]], facts)).toMatchObject({ allowed: true });
    expect(judge({ usd }, [[USD, 500_000_001n]], facts)).toMatchObject({
      rule: "usd-per-window",
      fix: "What is worth $500.00 is left in this window.",
    });
  });

  test("is unknown of a token without a price, and of one whose price is old: then nothing is spent", () => {
    expect(judge({ usd }, [[OTHER, 1n]])).toMatchObject({ rule: "price-unknown" });
    const old = new Map([[WETH, { decimals: 18, answer: 1n, answeredAtSeconds: NOW - 181 }]]);
    expect(judge({ usd }, [[WETH, 1n]], { prices: old })).toMatchObject({ rule: "price-stale" });
    const none = new Map([[WETH, { decimals: 18, answer: 0n, answeredAtSeconds: NOW }]]);
    expect(judge({ usd }, [[WETH, 1n]], { prices: none })).toMatchObject({ rule: "price-stale" });
  });
});

describe("hours", () => {
  const at = (iso: string) => Date.parse(iso) / 1_000;
  const office = { days: [1, 2, 3, 4, 5], from: "09:00", to: "17:00", timeZone: "Europe/Vienna" };

  test.each([
    ["2026-11-25T08:00:00Z", true],
    ["2026-11-25T07:59:59Z", false],
    ["2026-11-25T15:59:59Z", true],
    ["2026-11-25T16:00:00Z", false],
    ["2026-11-28T10:00:00Z", false],
    // Summer time: the same clock on the wall, an hour earlier in the world.
    ["2026-07-01T07:00:00Z", true],
    ["2026-07-01T06:59:59Z", false],
  ])("at %s office hours hold: %s", (iso, holds) => {
    expect(isWithinHours(office, at(iso))).toBe(holds);
  });

  test("that end before they begin go over midnight", () => {
    const night = { days: [5], from: "22:00", to: "02:00", timeZone: "UTC" };
    expect(isWithinHours(night, at("2026-11-27T23:00:00Z"))).toBe(true);
    expect(isWithinHours(night, at("2026-11-28T01:59:00Z"))).toBe(true);
    expect(isWithinHours(night, at("2026-11-28T02:00:00Z"))).toBe(false);
    expect(isWithinHours(night, at("2026-11-27T01:00:00Z"))).toBe(false);
  });

  test("outside of all of them nothing is allowed", () => {
    expect(judge({ hours: [office] }, [], { nowSeconds: at("2026-11-28T10:00:00Z") })).toMatchObject({ rule: "hours" });
  });
});

describe("the outcome", () => {
  const outcome = { lossBpsMax: 100, floors: [{ token: USD, atLeast: 50n }] };
  const tried = (dollars: [bigint, bigint], ether: [bigint, bigint]) =>
    new Map([
      [USD, { before: dollars[0], after: dollars[1] }],
      [WETH, { before: ether[0], after: ether[1] }],
    ]);
  const loss = (got: bigint) => judge({ outcome }, [], { outcome: tried([4_000_000_000n, 1_000_000_000n], [0n, got]) });

  test("a trade may lose so much and no more", () => {
    expect(loss((ONE * 991n) / 1_000n)).toMatchObject({ allowed: true });
    expect(loss((ONE * 98n) / 100n)).toMatchObject({ rule: "outcome-loss", value: "$3000.00 for $2940.00" });
  });

  test("a payment is no trade", () => {
    expect(judge({ outcome }, [], { outcome: tried([4_000n, 50n], [0n, 0n]) })).toMatchObject({ allowed: true });
  });

  test("what has to be left is left", () => {
    expect(judge({ outcome }, [], { outcome: tried([4_000n, 49n], [0n, 0n]) })).toMatchObject({
      rule: "outcome-floor",
    });
  });

  test("what was not tried out, or fails, is not signed", () => {
    expect(judge({ outcome }, [])).toMatchObject({ rule: "outcome-fails" });
    expect(judge({ outcome }, [], { outcome: "fails" })).toMatchObject({ rule: "outcome-fails" });
  });
});

const wallet = (n: number) => `0x${n.toString(16).padStart(40, "0")}` as const;
const approvals = (over: bigint, needed: number, owners = [1, 2, 3]) => ({
  over,
  needed,
  approvers: owners.map((n) => ({ owner: wallet(n), name: `Person ${n}` })),
});

test("what is worth more than the line needs approvals, what is worth it does not", () => {
  const guard = { approvals: approvals(100_000_000n, 2) };
  expect(judge(guard, [[USD, 100_000_000n]])).toMatchObject({ allowed: true, approvalsNeeded: 0 });
  expect(judge(guard, [[USD, 100_000_001n]])).toMatchObject({ allowed: true, approvalsNeeded: 2 });
});

describe("as written", () => {
  const input = {
    usd: { perTransaction: "5", perWindow: "6" },
    hours: [{ days: [1], from: "00:00", to: "23:59", timeZone: "UTC" }],
    outcome: { lossBpsMax: null, floors: [{ token: USD, atLeast: "7" }] },
    approvals: { over: "1", needed: 1, approvers: [{ owner: wallet(1), name: "A" }] },
  };

  test("they are read back the same, and any change changes their hash", () => {
    const guards = guardsSchema.parse(input);
    expect(guardsSchema.parse(guardsToJson(guards))).toEqual(guards);
    const hashes = [
      guards,
      { ...guards, usd: null },
      { ...guards, usd: { perTransaction: 5n, perWindow: 7n } },
      { ...guards, hours: [] },
      { ...guards, outcome: { lossBpsMax: 1, floors: [] } },
      { ...guards, approvals: { ...approvals(1n, 1, [1]), over: 2n } },
      { ...guards, approvals: approvals(1n, 1, [2]) },
      { ...guards, purchases: { payees: [USD], perPayment: 1n, perWindow: 2n } },
      { ...guards, changes: approvals(1n, 1) },
    ].map(hashGuards);
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  test.each([
    [{ approvals: { over: "1", needed: 2, approvers: [{ owner: wallet(1), name: "A" }] } }, "More approvals"],
    [
      {
        approvals: {
          over: "1",
          needed: 2,
          approvers: [
            { owner: wallet(171), name: "A" },
            { owner: wallet(171).toUpperCase().replace("0X", "0x"), name: "B" },
          ],
        },
      },
      "named once",
    ],
    [{ hours: [{ days: [1], from: "9:00", to: "17:00", timeZone: "UTC" }] }, "09:00"],
    [{ hours: [{ days: [1], from: "09:00", to: "17:00", timeZone: "Atlantis" }] }, "time zone"],
  ])("malformed ones are refused", (change, words) => {
    const { error } = guardsSchema.safeParse({ ...input, ...change });
    expect(JSON.stringify(error?.issues)).toContain(words);
  });
});

describe("purchases", () => {
  const shop: Address = "0x5000000000000000000000000000000000000005";
  const purchases = { payees: [shop], perPayment: 100n, perWindow: 250n };
  const buy = (guards: Guards | null, amount: bigint, boughtInWindow = 0n, to = shop) => {
    const verdict = evaluatePurchase(guards, { to, amount }, { nowSeconds: NOW, boughtInWindow });
    return verdict.allowed ? "allowed" : verdict.rule;
  };

  test("are made from those who are named, within both limits, and not at all without the guard", () => {
    const some = { ...NONE, purchases };
    expect(buy(some, 100n, 150n)).toBe("allowed");
    expect(buy(some, 101n)).toBe("purchase-cap");
    expect(buy(some, 100n, 151n)).toBe("purchase-window");
    expect(buy(some, 1n, 0n, OTHER)).toBe("purchase-payee");
    expect(buy(NONE, 1n)).toBe("purchases");
    expect(buy(null, 1n)).toBe("purchases");
    expect(buy({ ...some, approvals: approvals(50n, 1) }, 51n)).toBe("approvals");
    const closed = [{ days: [1], from: "00:00", to: "00:01", timeZone: "UTC" }];
    expect(buy({ ...some, hours: closed }, 1n)).toBe("hours");
  });

  test("are a right: to add it is wider, to take it away narrower", () => {
    const some = { ...NONE, purchases };
    expect(areGuardsWithin(some, NONE)).toBe(false);
    expect(areGuardsWithin(some, null)).toBe(false);
    expect(areGuardsWithin(NONE, some)).toBe(true);
    expect(areGuardsWithin({ ...some, purchases: { ...purchases, perWindow: 251n } }, some)).toBe(false);
  });
});

test("a change needs others when it allows more dollars than the line, or asks less of others", () => {
  const guarded = { ...NONE, changes: approvals(1_000n, 2) };
  expect(othersNeeded(null, null, 10n ** 12n)).toBe(0);
  expect(othersNeeded(guarded, guarded, 1_000n)).toBe(0);
  expect(othersNeeded(guarded, guarded, 1_001n)).toBe(2);
  expect(othersNeeded(guarded, null, 1n)).toBe(2);
  expect(othersNeeded(guarded, { ...NONE, changes: approvals(1_000n, 1) }, 1n)).toBe(2);
  expect(othersNeeded(guarded, { ...NONE, changes: approvals(2_000n, 2) }, 1n)).toBe(2);
  expect(othersNeeded(guarded, { ...NONE, changes: approvals(500n, 3) }, 1n)).toBe(0);
  expect(areGuardsWithin(NONE, guarded)).toBe(false);
});

test("narrower guards let nothing through that wider ones did not", () => {
  const some: Guards = { ...NONE, usd, approvals: approvals(100n, 2) };
  expect(areGuardsWithin(some, null)).toBe(true);
  expect(areGuardsWithin(null, some)).toBe(false);
  expect(areGuardsWithin({ ...some, approvals: approvals(100n, 1) }, some)).toBe(false);
  expect(areGuardsWithin({ ...some, approvals: approvals(100n, 2, [1, 2, 4]) }, some)).toBe(false);
  expect(areGuardsWithin({ ...some, approvals: approvals(50n, 2, [1, 2]) }, some)).toBe(true);
  const money = fc.bigInt({ min: 0n, max: 3_000_000_000n });
  const guards = fc.record({ perTransaction: money, perWindow: money }).map((one) => ({ ...NONE, usd: one }));
  fc.assert(
    fc.property(guards, guards, money, money, (inner, outer, spent, usdInWindow) => {
      if (!areGuardsWithin(inner, outer)) return;
      const [narrow, wide] = [inner, outer].map((one) => judge(one, [[USD, spent]], { usdInWindow }));
      if (narrow?.allowed) expect(wide?.allowed).toBe(true);
    }),
  );
});
