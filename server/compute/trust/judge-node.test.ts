import { describe, expect, it } from "vitest";
import { isFarSlower, pauseAfter } from "./judge-node.ts";

describe("the pause after a test", () => {
  it("is more than a hundred times what the test took, whatever chance says", () => {
    for (const deviceMs of [0, 1, 900, 60_000, 600_000])
      for (const random of [0, 0.3, 0.999]) expect(pauseAfter(deviceMs, random)).toBeGreaterThan(deviceMs * 100);
  });

  it("is never short enough to be waited for, and rarely longer than hours", () => {
    expect(pauseAfter(1, 0)).toBe(20_000);
    expect(pauseAfter(1, 0.999)).toBeGreaterThan(39_000);
    expect(pauseAfter(100_000, 0.999)).toBe(6 * 3_600_000);
  });
});

describe("speed", () => {
  it("counts as far slower when the three newest are all below half of what came before", () => {
    expect(isFarSlower([40, 45, 49, 100, 101, 99, 98, 102])).toBe(true);
    expect(isFarSlower([40, 45, 51, 100, 101, 99, 98, 102])).toBe(false);
  });

  it("is not judged before there is something to hold it against", () => {
    expect(isFarSlower([10, 10, 10, 100, 100, 100, 100])).toBe(false);
    expect(isFarSlower([])).toBe(false);
  });

  it("of a machine that varies by a third is nothing to speak of", () => {
    expect(isFarSlower([67, 70, 66, 100, 80, 120, 95, 100, 70])).toBe(false);
  });
});
