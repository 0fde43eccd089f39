import fc from "fast-check";
import { expect, test } from "vitest";
import { seededRandom } from "../../models/event-scorer/random.ts";
import { humanTrace, scriptTrace } from "../../models/event-scorer/traces.ts";
import weights from "../../models/event-scorer/weights.json" with { type: "json" };
import { FEATURE_NAMES, FEED_EVENT_KINDS, type FeedEvent, featuresOf } from "./event-features.ts";
import { scoreMlp } from "./mlp.ts";

const arbitraryWindow: fc.Arbitrary<FeedEvent[]> = fc.array(
  fc.record({
    t: fc.nat(10_000_000_000),
    kind: fc.constantFrom(...FEED_EVENT_KINDS),
    dwellMs: fc.nat(86_400_000),
    depth: fc.nat(100_000_000),
    itemId: fc.string({ minLength: 1, maxLength: 4 }),
  }),
  { maxLength: 60 },
);

test("any window gives one byte for each feature", () => {
  fc.assert(
    fc.property(arbitraryWindow, (window) => {
      const features = featuresOf(window);
      expect(features).toHaveLength(FEATURE_NAMES.length);
      for (const feature of features) expect(Number.isInteger(feature) && feature >= 0 && feature <= 255).toBe(true);
    }),
  );
});

test("when the window began, and the order it arrived in, are no matter", () => {
  fc.assert(
    fc.property(arbitraryWindow, fc.nat(1_000_000), (window, shift) => {
      const distinct = window.map((event, i) => ({ ...event, t: event.t * 64 + i }));
      const moved = distinct.map((event) => ({ ...event, t: event.t + shift })).reverse();
      expect(featuresOf(moved)).toEqual(featuresOf(distinct));
    }),
  );
});

test("a metronome and a person are told apart by rhythm", () => {
  const random = seededRandom(7);
  const human = featuresOf(humanTrace(random, 64));
  const script = featuresOf(scriptTrace("metronome", random, 64));
  const at = (features: number[], name: (typeof FEATURE_NAMES)[number]) => features[FEATURE_NAMES.indexOf(name)] ?? 0;
  expect(at(script, "gapEntropy")).toBe(0);
  expect(at(script, "gapOnTimerGrid")).toBe(255);
  expect(at(human, "gapEntropy")).toBeGreaterThan(60);
  expect(scoreMlp(weights, human)).toBeGreaterThan(128);
  expect(scoreMlp(weights, script)).toBeLessThan(128);
});
