import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { portfolioValue } from "../market/market-view.ts";
import { backtest, type PricePoint } from "./backtest.ts";
import { decide } from "./decide.ts";
import { type RuleSettings, strategySettings } from "./settings.ts";
import { dollars, marketOf, ONE_WETH, situationOf, TBTC, USD, units, WETH } from "./testing/situations.ts";

const read = (settings: object): RuleSettings => strategySettings.parse(settings) as RuleSettings;
const half = read({ kind: "rebalance", targets: [{ token: WETH, shareBps: 5_000 }] });

describe("the rebalancer", () => {
  test("buys up to its share and says what it costs", () => {
    const { intent, why } = decide(half, situationOf());
    expect(intent).toMatchObject({ kind: "swap", sell: USD, buy: WETH, amountIn: units(5_000) });
    expect(why).toBe("Buy WETH for $5000.00 at a cost of 0.79 %: WETH 0.00 % of 50.00 %.");
  });

  test("sells what is over its share", () => {
    const { intent } = decide(half, situationOf({ portfolio: { usd: 0n, held: new Map([[WETH, 2n * ONE_WETH]]) } }));
    expect(intent).toMatchObject({ sell: WETH, buy: USD, amountIn: ONE_WETH });
  });

  test("does nothing within its band", () => {
    const portfolio = { usd: units(3_150), held: new Map([[WETH, ONE_WETH]]) };
    expect(decide(half, situationOf({ portfolio })).intent).toBeNull();
  });

  test("halves a trade that would cost too much", () => {
    const narrow = read({ kind: "rebalance", targets: [{ token: WETH, shareBps: 5_000 }], costBpsMax: 50 });
    expect(decide(narrow, situationOf()).intent).toMatchObject({ amountIn: units(1_250) });
  });

  test("leaves a trade that costs too much however small it is", () => {
    const dear = marketOf({ gasUnits: units(100) });
    const { intent, why } = decide(half, situationOf({ market: dear, portfolio: { usd: units(20), held: new Map() } }));
    expect(intent).toBeNull();
    expect(why).toContain("Not at a cost of");
  });

  test.each([
    ["an old price", { answeredAtSeconds: 999_000 }, "The feed's price of WETH is 1000 s old."],
    ["a pool away from the feed", { answer: dollars(3_500) }, "The pool of WETH is 14.28 % away from the feed."],
    ["an empty pool", { reserveToken: 0n, reserveUsd: 0n }, "The pool of WETH is empty."],
  ])("does not trade on %s", (_, weth, why) => {
    expect(decide(half, situationOf({ market: marketOf({ weth }) }))).toMatchObject({ intent: null, why });
  });

  test("never sells what is not there, and never trades further than the share", () => {
    const amount = fc.bigInt({ min: 0n, max: 10n ** 12n });
    fc.assert(
      fc.property(amount, amount, fc.integer({ min: 0, max: 10_000 }), (usd, weth, shareBps) => {
        const held = new Map([[WETH, weth * 10n ** 8n]]);
        const situation = situationOf({ portfolio: { usd, held } });
        const { intent } = decide({ ...half, targets: [{ token: WETH, shareBps }] } as RuleSettings, situation);
        if (intent?.kind !== "swap") return;
        expect(intent.amountIn).toBeLessThanOrEqual(intent.sell === USD ? usd : weth * 10n ** 8n);
        const whole = portfolioValue(situation.portfolio, situation.market);
        if (intent.sell === USD) expect(intent.amountIn).toBeLessThanOrEqual((whole * BigInt(shareBps)) / 10_000n);
      }),
    );
  });
});

describe("orders", () => {
  const weekly = read({
    kind: "recurring-buy",
    token: WETH,
    units: "100000000",
    everySeconds: 600,
    totalMax: "250000000",
  });

  test("buys for the same sum when its time has come, until all is spent", () => {
    const first = decide(weekly, situationOf());
    expect(first).toMatchObject({
      intent: { amountIn: units(100) },
      state: { spent: "100000000", lastSeconds: 1_000_000 },
    });
    expect(decide(weekly, situationOf({ state: first.state })).why).toBe("The next purchase is due in 600 s.");
    const later = situationOf({ state: { spent: "200000000", lastSeconds: 0 } });
    expect(decide(weekly, later)).toMatchObject({ intent: null, isDone: true });
  });

  const buy = (price: bigint) =>
    read({
      kind: "limit-order",
      side: "buy",
      token: WETH,
      units: "1000000000",
      price: price.toString(),
      expiresAt: "2030-01-01T00:00:00.000Z",
    });

  test("fills a limit order at its price or better, and the price stands in the trade", () => {
    const { intent, isDone } = decide(buy(dollars(3_100)), situationOf());
    expect(intent).toMatchObject({ amountIn: units(1_000), amountOutMin: (units(1_000) * ONE_WETH) / units(3_100) });
    expect(isDone).toBe(true);
  });

  test("waits while the pool does not give the price for all of it", () => {
    expect(decide(buy(dollars(3_000)), situationOf()).intent).toBeNull();
  });

  test("ends unfilled when its time is over", () => {
    const late = situationOf({ market: marketOf({ atSeconds: 2_000_000_000 }) });
    expect(decide(buy(dollars(9_000)), late)).toMatchObject({
      intent: null,
      isDone: true,
      why: "It expired unfilled.",
    });
  });
});

describe("the payer", () => {
  const payer = read({
    kind: "payer",
    keep: { below: "1000000", upTo: "5000000" },
    bills: [{ label: "Hosting", recipient: TBTC, units: "2000000", everySeconds: 3_600 }],
  });

  test("fills the balance first, then pays what is due, once", () => {
    expect(decide(payer, situationOf()).intent).toEqual({ kind: "deposit", units: units(5) });
    const filled = decide(payer, situationOf({ balanceHere: units(5) }));
    expect(filled.intent).toEqual({ kind: "pay", recipient: TBTC, units: units(2) });
    expect(decide(payer, situationOf({ balanceHere: units(5), state: filled.state })).why).toBe("No bill is due.");
  });
});

describe("the monitor", () => {
  const monitor = read({ kind: "monitor", token: WETH, above: dollars(3_000).toString(), moveBps: 500 });
  const at = (price: number, state: object, before: number | null = null) =>
    decide(monitor, {
      ...situationOf({ state: state as Record<string, boolean> }),
      market: marketOf({
        weth: { answer: dollars(price) },
        answerAgo: () => (before === null ? null : dollars(before)),
      }),
    });

  test("tells once when a line is crossed, and again only after the price was well back over it", () => {
    const over = at(3_010, {});
    expect(over).toMatchObject({ isAlert: true, why: "WETH is at $3010.00: it went above $3000.00." });
    expect(at(3_020, over.state).isAlert).toBe(false);
    const trembling = at(2_999, over.state);
    expect(at(3_001, trembling.state).isAlert).toBe(false);
    const back = at(2_900, over.state);
    expect(at(3_001, back.state).isAlert).toBe(true);
  });

  test("tells once when a feed falls silent, and not of one that was silent before", () => {
    const silent = (state: object) =>
      decide(monitor, {
        ...situationOf({ state: state as Record<string, boolean> }),
        market: marketOf({ weth: { answeredAtSeconds: 999_000 } }),
      });
    expect(silent({}).isAlert).toBe(false);
    const fresh = at(2_900, {});
    expect(silent(fresh.state).isAlert).toBe(true);
    expect(silent(silent(fresh.state).state).isAlert).toBe(false);
  });

  test("tells of a move", () => {
    expect(at(2_800, {}, 3_000).why).toBe("WETH is at $2800.00: it fell by 6.66 % in 3600 s.");
  });
});

describe("on the past", () => {
  const path = (prices: number[]): PricePoint[] =>
    prices.map((price, i) => ({ atSeconds: 600 * i, answers: new Map([[WETH, dollars(price)]]) }));
  const run = (prices: number[]) =>
    backtest({
      settings: half,
      usd: USD,
      tokens: [{ token: WETH, symbol: "WETH", decimals: 18 }],
      series: path(prices),
      start: { usd: units(5_000), held: new Map([[WETH, (ONE_WETH * 5n) / 3n]]) },
      depthUnits: units(10_000_000),
      gasUnits: 0n,
    });

  test("a price that goes up and comes back earns what was sold dear and bought cheap, less the costs", () => {
    const { points, trades } = run([3_000, 4_500, 3_000]);
    expect(trades.map(({ sell }) => sell)).toEqual([WETH, USD]);
    expect(points[0]?.value).toBe(points[0]?.untouched);
    expect(points.at(-1)?.value).toBeGreaterThan(points.at(-1)?.untouched ?? 0n);
  });

  test("a price that only falls loses more than what was not touched, and the fall is told", () => {
    const { points, drawdownBps } = run([3_000, 2_400, 1_900, 1_500]);
    expect(points.at(-1)?.value).toBeLessThan(points.at(-1)?.untouched ?? 0n);
    expect(drawdownBps).toBeGreaterThan(2_500n);
  });

  test("no amount appears from nowhere", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 500, max: 9_000 }), { minLength: 1, maxLength: 30 }), (prices) => {
        const { points, trades } = run(prices);
        let [usd, weth] = [units(5_000), (ONE_WETH * 5n) / 3n];
        for (const { sell, amountIn, out } of trades) {
          if (sell === USD) [usd, weth] = [usd - amountIn, weth + out];
          else [usd, weth] = [usd + out, weth - amountIn];
        }
        const last = dollars(prices.at(-1) ?? 0);
        expect(points.at(-1)?.value).toBe(usd + (weth * last * 1_000_000n) / (ONE_WETH * 100_000_000n));
      }),
    );
  });
});

test.each([
  [{ kind: "monitor", token: WETH }, "Name a price above, a price below or a move."],
  [{ kind: "payer" }, "Name a bill, or a balance to keep."],
  [
    {
      kind: "rebalance",
      targets: [
        { token: WETH, shareBps: 6_000 },
        { token: TBTC, shareBps: 6_000 },
      ],
    },
    "The shares come to more than the whole.",
  ],
])("settings that say nothing are refused", (settings, message) => {
  const { error } = strategySettings.safeParse(settings);
  expect(JSON.stringify(error?.issues)).toContain(message);
});
