import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BREAKER_DEFAULTS, BREAKER_KINDS, breakerInput, mayRearm, whyTripped } from "./breakers.ts";

const calm = { actions: 1n, failures: 0n, drawdownBps: 0n, deviationBps: 0n, silentSeconds: 0 };
const quiet = { ...calm, newRecipient: null, amount: 1n, lossBps: null, isTrade: false };

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

  it("trips on what the market does: a fall, a trade that loses, a feed that is silent or far from its pool", () => {
    const { drawdown, slippage, oracle } = BREAKER_DEFAULTS;
    expect(whyTripped("drawdown", drawdown, { ...quiet, drawdownBps: 2_000n })).toBeNull();
    expect(whyTripped("drawdown", drawdown, { ...quiet, drawdownBps: 2_001n })).toContain("20.01 %");
    expect(whyTripped("slippage", slippage, { ...quiet, lossBps: 300n })).toBeNull();
    expect(whyTripped("slippage", slippage, { ...quiet, lossBps: 301n })).toContain("3.01 %");
    const trade = { ...quiet, isTrade: true };
    expect(whyTripped("oracle", oracle, { ...trade, deviationBps: 501n })).toContain("5.01 %");
    expect(whyTripped("oracle", oracle, { ...trade, silentSeconds: 181 })).toContain("silent for 181 s");
    // A payment does not depend on prices.
    expect(whyTripped("oracle", oracle, { ...quiet, silentSeconds: 181, deviationBps: 9_999n })).toBeNull();
    expect(mayRearm("oracle", oracle, { ...calm, silentSeconds: 181 }, 60)).toBe(false);
    expect(mayRearm("oracle", oracle, { ...calm, deviationBps: 201n }, 60)).toBe(false);
    expect(mayRearm("oracle", oracle, { ...calm, deviationBps: 200n }, 60)).toBe(true);
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
          if (!mayRearm(kind, settings, { ...calm, actions, failures }, seconds)) return;
          expect(settings.holdSeconds).not.toBeNull();
          expect(seconds).toBeGreaterThanOrEqual(settings.holdSeconds ?? 0);
          expect(whyTripped(kind, settings, { ...quiet, actions: actions + 1n, failures })).toBeNull();
        },
      ),
    );
    expect(mayRearm("velocity", BREAKER_DEFAULTS.velocity, { ...calm, actions: 20n }, 120)).toBe(true);
    expect(mayRearm("velocity", BREAKER_DEFAULTS.velocity, { ...calm, actions: 21n }, 120)).toBe(false);
  });

  it("takes no settings that would make it trip and arm in turns", () => {
    const input = { kind: "velocity", isOn: true, limit: "5", rearmAt: "6", seconds: 60, holdSeconds: 60 };
    expect(breakerInput.safeParse(input).success).toBe(false);
    expect(breakerInput.safeParse({ ...input, rearmAt: "5" }).success).toBe(true);
  });
});
