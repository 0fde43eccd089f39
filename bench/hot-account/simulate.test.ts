import { describe, expect, it } from "vitest";
import { seededRandom } from "#core/simulated-reader.ts";
import { type Model, simulate } from "./simulate.ts";

const MODEL: Model = {
  replicas: 8,
  callers: 8,
  thinkMs: 0.001,
  roundTripMs: 10,
  shards: 1,
  cores: 64,
  batchMs: 1,
  transferMs: 0,
  flushMs: 1,
  batchMax: 1,
  inFlight: 8,
  heldRoundTrips: 3,
};
const run = (change: Partial<Model>) => simulate({ ...MODEL, ...change }, 4, seededRandom(1));

describe("the simulation of a hot account", () => {
  it("gives what a row that is held over round trips gives: one transaction for each time it is held", () => {
    // 1 ms of work, three round trips, and a flush that shares nothing: 32 ms, a little over 31 a second.
    expect(run({}).perSecond).toBeCloseTo(1000 / 32, 0);
  });

  it("multiplies that by the shards, until something else is short", () => {
    expect(run({ shards: 16 }).perSecond / run({}).perSecond).toBeGreaterThan(15);
    expect(run({ shards: 16, cores: 1, heldRoundTrips: 0 }).perSecond).toBeLessThanOrEqual(1_001);
  });

  it("does not care for the distance when nothing is held over it and many travel together", () => {
    const near = run({ heldRoundTrips: 0, batchMax: 500, callers: 500, roundTripMs: 0.5 }).perSecond;
    const far = run({ heldRoundTrips: 0, batchMax: 500, callers: 500, roundTripMs: 10 }).perSecond;
    expect(far / near).toBeGreaterThan(0.5);
  });

  it("never answers sooner than the way there and back, the work and the flush take", () => {
    expect(run({ callers: 1, replicas: 1 }).p99Ms).toBeGreaterThanOrEqual(10 + 1 + 30 + 1);
  });
});
