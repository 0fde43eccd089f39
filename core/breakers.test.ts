import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BREAKER_DEFAULTS, BREAKER_KINDS, breakerInput, mayRearm, whyTripped } from "./breakers.ts";

const quiet = { actions: 1n, failures: 0n, newRecipient: null, amount: 1n };

describe("a breaker", () => {
  it("trips above its limit and not at it, when it is on", () => {
    const { velocity, failures } = BREAKER_DEFAULTS;
    expect(whyTripped("velocity", velocity, { ...quiet, actions: velocity.limit })).toBeNull();
    expect(whyTripped("velocity", velocity, { ...quiet, actions: velocity.limit + 1n })).toContain("at most 60");
    expect(whyTripped("velocity", { ...velocity, isOn: false }, { ...quiet, actions: 1_000n })).toBeNull();
    expect(whyTripped("failures", failures, { ...quiet, failures: failures.limit - 1n })).toBeNull();
    expect(whyTripped("failures", failures, { ...quiet, failures: failures.limit })).toContain("8 of the last 20");
    const counterparty = { ...BREAKER_DEFAULTS.counterparty, isOn: true, limit: 500n };
    expect(whyTripped("counterparty", counterparty, { ...quiet, newRecipient: "0xa", amount: 500n })).toBeNull();
    expect(whyTripped("counterparty", counterparty, { ...quiet, newRecipient: "0xa", amount: 501n })).toContain("0xa");
    expect(whyTripped("counterparty", counterparty, { ...quiet, newRecipient: null, amount: 501n })).toBeNull();
  });

  it("does not arm while it would trip again, nor before its time, nor by itself where its owner is to", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...BREAKER_KINDS),
        fc.bigInt({ min: 0n, max: 100n }),
        fc.bigInt({ min: 0n, max: 20n }),
        fc.integer({ min: 0, max: 2_000 }),
        (kind, actions, failures, seconds) => {
          const settings = BREAKER_DEFAULTS[kind];
          if (!mayRearm(kind, settings, { actions, failures }, seconds)) return;
          expect(settings.holdSeconds).not.toBeNull();
          expect(seconds).toBeGreaterThanOrEqual(settings.holdSeconds ?? 0);
          expect(whyTripped(kind, settings, { ...quiet, actions: actions + 1n, failures })).toBeNull();
        },
      ),
    );
    expect(mayRearm("velocity", BREAKER_DEFAULTS.velocity, { actions: 20n, failures: 0n }, 120)).toBe(true);
    expect(mayRearm("velocity", BREAKER_DEFAULTS.velocity, { actions: 21n, failures: 0n }, 120)).toBe(false);
  });

  it("takes no settings that would make it trip and arm in turns", () => {
    const input = { kind: "velocity", isOn: true, limit: "5", rearmAt: "6", seconds: 60, holdSeconds: 60 };
    expect(breakerInput.safeParse(input).success).toBe(false);
    expect(breakerInput.safeParse({ ...input, rearmAt: "5" }).success).toBe(true);
  });
});
