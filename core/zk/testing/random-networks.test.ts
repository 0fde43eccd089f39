import { describe, expect, it } from "vitest";
import { seededRandom } from "../../../models/event-scorer/random.ts";
import { checkIntegerNetwork } from "../check-integer-network.ts";
import { formatOf, rangeOf } from "../integer-network.ts";
import type { Layer } from "../network.ts";
import { OutOfRange, runInteger } from "../run-integer.ts";
import { LAYER_KINDS, pick } from "./random-layers.ts";
import { randomInput, randomIntegerNetwork } from "./random-networks.ts";

const RUNS = 150;

/** How near to the end of its range each output comes: parts of the range, over many inputs. */
function reachOf(kinds: readonly Layer["kind"][], seed: number): number {
  const random = seededRandom(seed);
  let reach = 0;
  for (let run = 0; run < RUNS; run++) {
    const network = randomIntegerNetwork(random, kinds);
    checkIntegerNetwork(network);
    for (let i = 0; i < 10; i++)
      for (const [tensor, values] of runInteger(network, randomInput(random, network))) {
        const [low, high] = rangeOf(formatOf(network, tensor));
        for (const value of values) {
          if (value < low || value > high) throw new Error(`${tensor} leaves its range: ${value}`);
          if (tensor === network.architecture.output) reach = Math.max(reach, value / high);
        }
      }
  }
  return reach;
}

describe("random networks in whole numbers", () => {
  it.each(LAYER_KINDS)("stay in range with a layer of kind %s, whatever the input", (kind) => {
    const reach = reachOf([kind], 1);
    if (kind !== "argMax") expect(reach).toBeGreaterThan(0.5);
  });

  it("stay in range with layers on layers", () => {
    const random = seededRandom(2);
    for (let run = 0; run < 40; run++) {
      const kinds = Array.from({ length: random.integer(2, 6) }, () => pick(random, LAYER_KINDS));
      reachOf(kinds, run);
    }
  });

  it("are computed in range or not at all when their multipliers are whatever they may be", () => {
    const random = seededRandom(5);
    const counts = { whole: 0, left: 0 };
    for (let run = 0; run < 1_500; run++) {
      const network = randomIntegerNetwork(random, [pick(random, LAYER_KINDS)]);
      for (const { multipliers } of network.parameters.values())
        for (let i = 0; i < multipliers.length; i++) multipliers[i] = random.integer(0, 2 ** random.integer(1, 28) - 1);
      try {
        for (const [tensor, values] of runInteger(network, randomInput(random, network))) {
          const [low, high] = rangeOf(formatOf(network, tensor));
          expect(values.every((value) => value >= low && value <= high)).toBe(true);
        }
        counts.whole++;
      } catch (error) {
        if (!(error instanceof OutOfRange)) throw error;
        counts.left++;
      }
    }
    expect(Math.min(counts.whole, counts.left)).toBeGreaterThan(100);
  });
});
