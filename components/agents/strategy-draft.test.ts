import { expect, test } from "vitest";
import { EMPTY_STRATEGY, readDraft, type StrategyDraft } from "./strategy-draft.ts";

const token = `0x${"ab".repeat(20)}`;
const draft: StrategyDraft = { ...EMPTY_STRATEGY, token };
const read = (change: Partial<StrategyDraft>) => readDraft({ ...draft, ...change }, 18, Date.UTC(2026, 0, 1));

test("a draft becomes settings in base units", () => {
  expect(read({})).toEqual({ kind: "rebalance", targets: [{ token, shareBps: 5_000 }], bandBps: 500 });
  expect(read({ kind: "monitor", above: "2500.5", movePercent: "2.5" })).toEqual({
    kind: "monitor",
    token,
    above: "250050000000",
    moveBps: 250,
  });
  expect(read({ kind: "limit-order", side: "sell", amount: "0.5", price: "3100" })).toEqual({
    kind: "limit-order",
    side: "sell",
    token,
    amount: "500000000000000000",
    price: "310000000000",
    expiresAt: "2026-01-08T00:00:00.000Z",
  });
  expect(read({ kind: "payer" })).toEqual({ kind: "payer", keep: { below: "1000000", upTo: "5000000" } });
});

test.each<[Partial<StrategyDraft>, RegExp]>([
  [{ token: "" }, /token/],
  [{ sharePercent: "half" }, /share/],
  [{ sharePercent: "101" }, /share/],
  [{ bandPercent: "" }, /band/],
  [{ kind: "monitor" }, /Name a price/],
  [{ kind: "monitor", above: "a lot" }, /price is a number/],
  [{ kind: "recurring-buy", units: "" }, /sum/],
  [{ kind: "limit-order", price: "" }, /price is a number/],
  [{ kind: "limit-order", side: "sell", amount: "", price: "1" }, /amount/],
  [{ kind: "payer", keepUpTo: "1" }, /filled up/],
  [{ kind: "model", model: "tiny" }, /what it is to do/],
])("names what is missing in %o", (change, words) => {
  expect(read(change)).toMatch(words);
});
