import { describe, expect, it, test } from "vitest";
import type { ActionView } from "#core/schemas/action.ts";
import { askedWords, gasWords, readingWords, waitingWords } from "./action-words.ts";
import { judgedRuleWords } from "./judged-rule-words.ts";

describe("who asked", () => {
  const strategy = {
    kind: "strategy",
    strategyId: "str_1",
    name: "Bills",
    turn: 3,
    why: "Due.",
    proposal: null,
  } as const;
  it.each([
    [null, "It was asked for"],
    [{ kind: "person", name: "Ada" }, "Ada asked for it"],
    [{ kind: "person", name: null }, "Somebody asked for it"],
    [{ kind: "key", keyId: "key_1", name: "ci", isAgents: false, isMcp: false }, "The API key “ci” asked for it"],
    [
      { kind: "key", keyId: "key_1", name: "robot", isAgents: true, isMcp: true },
      "The agent’s own key “robot” asked for it over MCP",
    ],
    [strategy, "The strategy “Bills” decided on it"],
    [{ ...strategy, proposal: { tool: "propose_payment", input: {} } }, "The model of “Bills” proposed it"],
  ] as const)("%j is said as %s", (asker, words) => {
    expect(askedWords(asker)).toBe(words);
  });
});

test("what a breaker measured is said in the unit of its limit", () => {
  expect(readingWords({ kind: "velocity", measured: "3", limit: "60" })).toBe("Too many actions: 3 of 60");
  expect(readingWords({ kind: "drawdown", measured: "150", limit: "2000" })).toBe("A fall in value: 1.50 % of 20.00 %");
  expect(readingWords({ kind: "counterparty", measured: "2500000", limit: "5000000" })).toBe(
    "A large payment to somebody new: $2.50 of $5.00",
  );
});

test("gas is said with what it cost, where that is known", () => {
  expect(gasWords("236940", "251000000000000")).toBe("236,940 gas, 0.000251 ETH");
  expect(gasWords("236940", null)).toBe("236,940 gas");
  expect(gasWords(null, null)).toBeNull();
});

test("what it waits for follows from how far it is", () => {
  const at = "2026-01-01T00:00:00.000Z";
  const waits = (action: Partial<ActionView>) =>
    waitingWords({ judged: null, approval: null, approvals: [], transaction: null, ...action } as ActionView);
  const transaction = { sentAt: at } as ActionView["transaction"];
  expect(waits({ status: "planned" })).toBe("The signer judges it next");
  expect(waits({ status: "planned", judged: { at } as ActionView["judged"] })).toBe("It waits to be signed and sent");
  const approval = { needed: 2, hash: null, until: at };
  expect(waits({ status: "awaiting-approval", approval })).toMatch(/^It waits for 2 people/);
  expect(waits({ status: "awaiting-approval", approval, approvals: [{ name: "Ada", at }] })).toMatch(
    /^It waits for one/,
  );
  expect(waits({ status: "submitted" })).toBe("It is signed and waits to be sent");
  expect(waits({ status: "submitted", transaction })).toBe("It is sent and waits for its block");
  expect(waits({ status: "succeeded" })).toBeNull();
  expect(waits({ status: "refused" })).toBeNull();
});

test("a rule is said by its number, its function and whom it names", () => {
  const rule = {
    target: "0x1A1451f48Dd10A03c3493E1ad6d90bCAF71DF031",
    selector: "0xa9059cbb",
    effect: "allow",
    counterparty: "0x62fa9897abffcf29f9313427e5f10942d1878488",
    valueMax: "0",
    conditions: [{ reading: "word", word: 0, element: 0, comparison: "equal", operands: ["1"] }],
    proof: null,
  } as const;
  const views = { ...rule, conditions: rule.conditions.map((one) => ({ ...one, operands: [...one.operands] })) };
  expect(judgedRuleWords(1, views)).toBe("Rule 1: Pay 0x62fa…8488");
  expect(judgedRuleWords(2, { ...views, counterparty: null, selector: "0x38ed1739" })).toBe(
    "Rule 2: 0x38ed1739 on 0x1A14…F031, where argument 1 is 1",
  );
  expect(judgedRuleWords(3, null)).toBe("Rule 3");
});
