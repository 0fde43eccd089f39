import { expect, test } from "vitest";
import { isTradingRule } from "#core/policy/trading.ts";
import { policyInput } from "#core/schemas/agent-policy.ts";
import type { TemplatePolicy } from "#core/schemas/policy-template.ts";
import { EMPTY_DRAFT, type PolicyDraft, problemOf, toPolicy } from "./policy-draft.ts";
import { termsOf } from "./template-draft.ts";

const recipient = `0x${"ab".repeat(20)}`;
const modelId = `0x${"cd".repeat(32)}`;
const draft: PolicyDraft = { ...EMPTY_DRAFT, name: "Buyer" };

test("a complete draft becomes a policy that the API takes", () => {
  const payees = [{ id: 1, recipient, proofModelId: modelId, outputMin: "128" }];
  const policy = toPolicy({ ...draft, payees }, Date.UTC(2026, 0, 1), null);
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
  [{ mayTrade: true }, /traded/],
])("names what is missing in %o", (change, words) => {
  expect(problemOf({ ...draft, ...change }, null)).toMatch(words);
});

test("has nothing to say about a complete draft", () => {
  expect(problemOf(draft, null)).toBeNull();
});

const token = `0x${"ee".repeat(20)}`;
const market = {
  usd: `0x${"11".repeat(20)}`,
  router: `0x${"22".repeat(20)}`,
  data: [
    {
      token,
      symbol: "WETH",
      decimals: 18,
      price: "200000000000",
      poolPrice: "200000000000",
      depth: "1",
      pricedAt: "2026-01-01T00:00:00.000Z",
      isStale: false,
    },
  ],
};

const TRADER: TemplatePolicy = {
  perTransactionCap: "100000000",
  windowCap: "500000000",
  windowSeconds: 86_400,
  validDays: 7,
  rules: [{ kind: "trade" }],
};

test("a trader's policy caps each token at what its dollars are worth of it", () => {
  const trader = { ...draft, ...termsOf(TRADER) };
  const policy = policyInput.parse(toPolicy(trader, Date.UTC(2026, 0, 1), market));
  expect(policy.caps).toEqual([
    { token, perTransaction: (10n ** 18n / 20n).toString(), perWindow: (10n ** 18n / 4n).toString() },
  ]);
  expect(policy.rules.filter(isTradingRule)).toHaveLength(1);
  expect(problemOf(trader, market)).toBeNull();
});

test("what a template says and the form has no field for is signed with the rest", () => {
  const more = {
    caps: [{ token, perTransaction: "5", perWindow: "6" }],
    gasPerWindow: "7",
    guards: { usd: { perTransaction: "8", perWindow: "9" }, approvals: { over: "5", needed: 1, approvers: ["me"] } },
    rules: [{ kind: "call", target: recipient, selector: "0x12345678" }, { kind: "trade" }],
  } satisfies Partial<TemplatePolicy>;
  const made = { ...draft, ...termsOf({ ...TRADER, ...more }) };
  const policy = policyInput.parse(toPolicy(made, Date.UTC(2026, 0, 1), market));
  // Its own cap of a token stands before what the dollars are worth of it.
  expect(policy).toMatchObject({ caps: more.caps, gasPerWindow: "7", guards: more.guards });
  expect(policy.rules[0]).toEqual(more.rules[0]);
  expect(problemOf({ ...made, mayTrade: false }, null)).toBeNull();
});
