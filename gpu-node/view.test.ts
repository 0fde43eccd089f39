import { expect, it } from "vitest";
import { dollars, viewText } from "./view.ts";

it("shows amounts to their last decimal that is something", () => {
  expect(["0", "25", "1230000", "12300000000", "1000001"].map(dollars)).toEqual([
    "$0.00",
    "$0.000025",
    "$1.23",
    "$12300.00",
    "$1.000001",
  ]);
});

it("shows what the node earns, how busy it is and what it said last", () => {
  const load = { name: "mine", nodeId: "node_1", answering: 2, capacity: 4, leases: 1, models: ["a/b"], isAway: false };
  const account = { earnedToday: "25", earnedMonth: "1230000", trust: "verified" as const, trustReason: null };
  const lines = Array.from({ length: 20 }, (_, index) => `line ${index}`);
  const text = viewText(load, account, lines);
  expect(text).toContain("$0.000025");
  expect(text).toContain("██████████·········· 2 of 4");
  expect(text).toContain("line 19");
  expect(text).not.toContain("line 11\n");
  expect(viewText(load, null, [])).toContain("…");
});
