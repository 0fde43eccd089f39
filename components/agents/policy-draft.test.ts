import { expect, test } from "vitest";
import { policyInput } from "#core/schemas/agent.ts";
import { EMPTY_DRAFT, type PolicyDraft, problemOf, toPolicy } from "./policy-draft.ts";

const recipient = `0x${"ab".repeat(20)}`;
const modelId = `0x${"cd".repeat(32)}`;
const draft: PolicyDraft = { ...EMPTY_DRAFT, name: "Buyer" };

test("a complete draft becomes a policy that the API takes", () => {
  const payees = [{ id: 1, recipient, proofModelId: modelId, outputMin: "128" }];
  const policy = toPolicy({ ...draft, payees }, Date.UTC(2026, 0, 1));
  expect(policyInput.parse(policy)).toMatchObject({
    validUntil: "2026-01-08T00:00:00.000Z",
    rules: [{ kind: "deposit" }, { kind: "pay", proof: { modelId, outputMin: "128", maxAgeSeconds: 3600 } }],
  });
});

test.each<[Partial<PolicyDraft>, RegExp]>([
  [{ name: " " }, /name/],
  [{ perTransactionCap: "" }, /limits/],
  [{ perTransactionCap: "600000" }, /window/],
  [{ payees: [{ id: 1, recipient: "0x1", proofModelId: null, outputMin: "" }] }, /address/],
  [{ payees: [{ id: 1, recipient, proofModelId: modelId, outputMin: "" }] }, /output/],
  [{ mayDeposit: false }, /at least one/],
])("names what is missing in %o", (change, words) => {
  expect(problemOf({ ...draft, ...change })).toMatch(words);
});

test("has nothing to say about a complete draft", () => {
  expect(problemOf(draft)).toBeNull();
});
