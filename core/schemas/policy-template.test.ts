import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { createTemplateInput, type TemplatePolicy, templatePolicy } from "./policy-template.ts";

const target = `0x${"11".repeat(20)}`;
const policy: TemplatePolicy = {
  perTransactionCap: "100",
  windowCap: "200",
  windowSeconds: 3_600,
  validDays: 7,
  rules: [{ kind: "deposit" }],
};
/** What is said of a template with this policy: the field and the sentence, or nothing. */
const problemOf = (change: object): string | null => {
  const parsed = createTemplateInput.safeParse({
    name: "One",
    description: "For one",
    policy: { ...policy, ...change },
  });
  const [issue] = parsed.error?.issues ?? [];
  return issue ? `${issue.path.join(".")}: ${issue.message}` : null;
};

test.each<[object, RegExp]>([
  [{ perTransactionCap: "abc" }, /^policy.perTransactionCap: A positive whole number/],
  [{ perTransactionCap: "300" }, /^policy.perTransactionCap: One payment may not exceed/],
  [{ caps: [{ token: target, perTransaction: "2", perWindow: "1" }] }, /^policy.caps.0.perTransaction: One payment/],
  [{ guards: { usd: { perTransaction: "2", perWindow: "1" } } }, /^policy.guards.usd.perTransaction: One payment/],
  [{ validDays: 0 }, /^policy.validDays/],
  [{ validUntil: "2026-01-01T00:00:00Z" }, /^policy: Unrecognized key: "validUntil"/],
  [{ rules: [{ kind: "pay", recipient: target }] }, /^policy.rules.0.kind: A template names nobody/],
  [{ rules: [{ kind: "ether", recipient: target, valueMax: "1" }] }, /^policy.rules.0.kind: A template names nobody/],
  [
    { guards: { purchases: { payees: [target], perPayment: "1", perWindow: "1" } } },
    /^policy.guards: Unrecognized key/,
  ],
  [
    { guards: { approvals: { over: "1", needed: 1, approvers: ["usr_01hzy3k4m5n6p7q8r9s0t1v2w3"] } } },
    /^policy.guards.approvals.approvers.*owner alone/,
  ],
  [{ guards: { approvals: { over: "1", needed: 2, approvers: ["me"] } } }, /^policy.guards.approvals.needed.*alone/],
  [
    { rules: [{ kind: "function", target, function: "approve(address spender" }] },
    /^policy.rules.0.function: .*is not a function/,
  ],
  [
    {
      rules: [
        { kind: "function", target, function: "approve(address spender)", where: [{ argument: "to", is: "self" }] },
      ],
    },
    /^policy.rules.0.function: approve has no argument "to"/,
  ],
])("names the field of what is wrong with %o", (change, words) => {
  expect(problemOf(change)).toMatch(words);
});

test.each<[object]>([
  [{}],
  [{ rules: [] }],
  [{ rules: [{ kind: "trade" }] }],
  [{ guards: { approvals: { over: "1", needed: 1, approvers: ["me"] } } }],
  [
    {
      rules: [
        {
          kind: "function",
          target,
          function: "approve(address spender)",
          where: [{ argument: "spender", is: "self" }],
        },
      ],
    },
  ],
])("has nothing to say about %o", (change) => {
  expect(problemOf(change)).toBeNull();
});

test("the templates that come with the platform are ones", () => {
  const sql = readFileSync("prisma/migrations/20261125221800_policy_template_seed/migration.sql", "utf8");
  const policies = [...sql.matchAll(/'(\{[^']*\})'/g)].map(([, json = ""]) => JSON.parse(json));
  expect(policies).toHaveLength(3);
  expect(policies.map((one) => templatePolicy.parse(one))).toEqual(policies);
});
