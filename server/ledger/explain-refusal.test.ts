import { describe, expect, test } from "vitest";
import { DomainError } from "#core/errors.ts";
import { explainRefusal, momentWords } from "./explain-refusal.ts";

const person = { userId: "usr_1" };
const details = {
  cap: "cap_1",
  scope: "key:key_1",
  kind: "window",
  windowMs: 3_600_000,
  limit: "5000000",
  left: "200000",
  asked: "350000",
  asset: "USD",
  roomAt: "2100-01-01T01:00:00.5+01:00",
};
const explained = (more: object = {}, spender: object = person): DomainError => {
  const error = explainRefusal(new DomainError("CAP_EXCEEDED", { ...details, ...more }), { ...person, ...spender });
  if (!(error instanceof DomainError)) throw new Error("No refusal came back");
  return error;
};

describe("a refusal by a cap", () => {
  test("names limit, what is left, what was asked, when room returns and what to do", () => {
    const { message, details: told } = explained();
    expect(message).toBe(
      "The limit on the API key key_1 is $5.00 in any hour; $0.20 of it is left, and this may take $0.35. " +
        "There is room for it at 2100-01-01 00:01 UTC; something smaller may fit now. " +
        "Your own limits are changed in Balance, under Limits. Nothing was charged.",
    );
    expect(told).toMatchObject({ cap: "cap_1", limit: "5000000", left: "200000", roomAt: "2100-01-01T00:00:00.500Z" });
    expect(told.retryAfterSeconds).toBeGreaterThan(60);
  });

  test("does not bid wait who asks for more than the whole limit", () => {
    const { message } = explained({ asked: "5000001", roomAt: null });
    expect(message).toContain("Ask for less. Your own limits");
    expect(message).not.toContain("wait");
  });

  test("does not say when to retry where nobody knows", () => {
    const { message, details: told } = explained({ kind: "lifetime", windowMs: null, roomAt: null });
    expect(message).toContain("$5.00 in all");
    expect(told.roomAt).toBeNull();
    expect("retryAfterSeconds" in told).toBe(false);
  });

  test("tells nobody what everybody spends", () => {
    const { message, details: told } = explained({ scope: "category:inference" });
    expect(message).toContain("The platform’s limit on completions leaves no room for this now.");
    expect(message).not.toMatch(/\$/);
    expect("left" in told || "limit" in told).toBe(false);
  });

  test("tells an agent nothing of what its owner spends", () => {
    const { message, details: told } = explained({ scope: "person:usr_1" }, { agentId: "agt_1" });
    expect(message).toContain("A limit of this agent’s owner leaves no room");
    expect("left" in told || "limit" in told).toBe(false);
    expect(explained({ scope: "agent:agt_1" }, { agentId: "agt_1" }).details).toMatchObject({ left: "200000" });
  });

  test("says a limit on one transaction whole: it tells of nobody’s spending", () => {
    const refusal = explained({ scope: "category:withdrawal", kind: "transaction", windowMs: null, roomAt: null });
    expect(refusal.message).toContain("The platform’s limit on withdrawals is $5.00 at a time");
    expect(refusal.message).toContain("Ask for less.");
  });

  test("says a near moment in seconds and a far one to the minute, never too early", () => {
    const now = Date.parse("2100-01-01T00:00:00.000Z");
    expect(momentWords("2100-01-01T00:00:00.001Z", now)).toBe("in a second");
    expect(momentWords("2100-01-01T00:01:30.200Z", now)).toBe("in 91 seconds");
    expect(momentWords("2100-01-01T05:00:00.000Z", now)).toBe("at 2100-01-01 05:00 UTC");
    expect(momentWords("2100-01-01T05:00:00.001Z", now)).toBe("at 2100-01-01 05:01 UTC");
  });

  test("leaves other errors alone", () => {
    const other = new DomainError("INSUFFICIENT_FUNDS");
    expect(explainRefusal(other, person)).toBe(other);
  });
});
