import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { billedSeconds, costOfSeconds, hourlyPrice, mostCost, settleJob } from "./job-metering.math.ts";

const price = fc.bigInt(0n, 10n ** 12n);
const at = (seconds: number) => new Date(1_800_000_000_000 + seconds * 1_000);

describe("what a job costs", () => {
  it("never exceeds what was set aside, however its time is spread over leases", () => {
    fc.assert(
      fc.property(price, fc.array(fc.integer({ min: 0, max: 100_000 }), { maxLength: 6 }), (most, parts) => {
        const total = parts.reduce((sum, seconds) => sum + costOfSeconds(most, seconds), 0n);
        expect(total).toBeLessThanOrEqual(
          mostCost(
            most,
            parts.reduce((sum, seconds) => sum + seconds, 0),
          ),
        );
      }),
    );
  });

  it("is split without a remainder, and nobody pays themselves", () => {
    const leases = fc.array(fc.record({ payee: fc.constantFrom("a", "b", "payer"), charged: price }));
    fc.assert(
      fc.property(leases, (all) => {
        const { charged, fee, parts } = settleJob(all, "payer");
        expect(parts.reduce((sum, { amount }) => sum + amount, fee)).toBe(charged);
        expect(charged).toBeLessThanOrEqual(all.reduce((sum, lease) => sum + lease.charged, 0n));
        expect(parts.some(({ payee }) => payee === "payer")).toBe(false);
      }),
    );
    expect(settleJob([{ payee: "a", charged: 1_000n }], "payer")).toMatchObject({ charged: 1_000n, fee: 50n });
  });

  it("counts whole seconds between ready and released, and nothing before or after", () => {
    const lease = { readyAt: at(10), releasedAt: new Date(at(15).getTime() + 999), checkpointedAt: at(12) };
    expect(billedSeconds(lease, false, 100)).toBe(5);
    expect(billedSeconds(lease, false, 3)).toBe(3);
    expect(billedSeconds({ ...lease, readyAt: null }, false, 100)).toBe(0);
    expect(billedSeconds(lease, true, 100)).toBe(2);
    expect(billedSeconds({ ...lease, checkpointedAt: null }, true, 100)).toBe(0);
    expect(billedSeconds({ ...lease, releasedAt: at(9) }, false, 100)).toBe(0);
  });

  it("adds cores and GPUs", () => {
    const rates = { pricePerCoreHour: 10n, pricePerGpuHour: 2_000n };
    expect(hourlyPrice(rates, { cpuCores: 4, gpuCount: 2 })).toBe(4_040n);
  });
});
