import { expect, test } from "vitest";
import { guardWords } from "./guard-words.ts";

test("each guard is a sentence", () => {
  expect(
    guardWords({
      usd: { perTransaction: "40000000", perWindow: "80000000" },
      hours: [{ days: [1, 5], from: "09:00", to: "17:00", timeZone: "UTC" }],
      outcome: { lossBpsMax: 50, floors: [] },
      approvals: {
        over: "5000000",
        needed: 2,
        approvers: [
          { owner: "0x", name: "Ann" },
          { owner: "0x", name: "Ben" },
        ],
      },
    }),
  ).toEqual([
    "All tokens together are worth at most $40.00 a payment and $80.00 in the window, by the price feeds.",
    "It acts Mon, Fri 09:00–17:00 (UTC) only.",
    "A trade loses at most 0.50 % against the price feeds, tried out before it is signed.",
    "More than $5.00 needs 2 of: Ann, Ben.",
  ]);
  expect(guardWords({ usd: null, hours: [], outcome: null, approvals: null })).toEqual([]);
});
