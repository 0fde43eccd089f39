import { expect, test } from "vitest";
import type { RuleInput } from "#core/schemas/agent-policy.ts";
import { ruleWords } from "./rule-words.ts";

const target = `0x${"11".repeat(20)}`;
const proof = { modelId: `0x${"22".repeat(32)}`, outputMin: "128", maxAgeSeconds: 60 };

test.each<[Exclude<RuleInput, { kind: "deposit" | "pay" }>, string]>([
  [{ kind: "ether", recipient: target, valueMax: "5" }, "It may send 0x1111…1111 at most 5 wei a call."],
  [
    { kind: "call", target, selector: "0x12345678", counterparty: target, proof },
    "It may call 0x12345678 of 0x1111…1111 with 0x1111…1111 as its first argument only with a fresh proof whose output is at least 128.",
  ],
  [
    {
      kind: "function",
      target,
      function: "function swap(uint256 amount, address to, address[] path)",
      where: [
        { argument: "amount", atMost: "5" },
        { argument: "to", is: "self" },
        { argument: "path[last]", oneOf: [target, "1"] },
      ],
    },
    "It may call swap of 0x1111…1111 where amount is at most 5 and to is its own account and path[last] is one of 0x1111…1111, 1.",
  ],
  [
    { kind: "function", effect: "deny", target, function: "burn()", valueMax: "3" },
    "It may never call burn of 0x1111…1111, with at most 3 wei.",
  ],
])("%o is a sentence", (rule, words) => {
  expect(ruleWords(rule)).toBe(words);
});
