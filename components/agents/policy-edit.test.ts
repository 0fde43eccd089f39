import { describe, expect, test } from "vitest";
import type { PolicyInput } from "#core/schemas/agent-policy.ts";
import {
  askOverOf,
  beyondForm,
  mayDeposit,
  payRules,
  withAskOver,
  withDeposit,
  withLastDay,
  withPayees,
} from "./policy-edit.ts";

const [ONE, TWO] = [`0x${"11".repeat(20)}`, `0x${"22".repeat(20)}`];
const ether = { kind: "ether", recipient: TWO, valueMax: "5" } as const;
const policy: PolicyInput = {
  perTransactionCap: "1",
  windowCap: "2",
  windowSeconds: 3_600,
  validUntil: "2030-01-01T12:30:00Z",
  guards: { hours: [{ days: [1], from: "09:00", to: "17:00", timeZone: "Europe/Vienna" }] },
  rules: [ether, { kind: "pay", recipient: ONE }, { kind: "deposit" }],
};

describe("a policy that a form changes", () => {
  test("keeps what the form has no field for, in its order", () => {
    const changed = withPayees(policy, [
      { kind: "pay", recipient: TWO },
      { kind: "pay", recipient: ONE },
    ]);
    expect(changed.rules).toEqual([
      ether,
      { kind: "pay", recipient: TWO },
      { kind: "pay", recipient: ONE },
      { kind: "deposit" },
    ]);
    expect(payRules(changed)).toHaveLength(2);
    expect(withPayees(changed, []).rules).toEqual([ether, { kind: "deposit" }]);
    expect(changed.guards).toEqual(policy.guards);
    expect(beyondForm(changed)).toBe(2);
  });

  test("fills its balance or does not", () => {
    expect(mayDeposit(withDeposit(policy, false))).toBe(false);
    expect(withDeposit(withDeposit(policy, false), true).rules.filter(({ kind }) => kind === "deposit")).toHaveLength(
      1,
    );
  });

  test("asks its owner, or others whom the form does not touch", () => {
    const asking = withAskOver(policy, "5");
    expect(askOverOf(asking)).toBe("5");
    expect(withAskOver(asking, "")).toEqual(policy);
    expect(withAskOver({ ...policy, guards: undefined }, "")).not.toHaveProperty("guards.approvals");
    expect(
      askOverOf({ ...policy, guards: { approvals: { over: "5", needed: 1, approvers: ["me", "usr_other"] } } }),
    ).toBeNull();
  });

  test("ends on another day at the same time of day", () => {
    expect(withLastDay(policy, "2031-02-03").validUntil).toBe("2031-02-03T12:30:00Z");
  });
});
