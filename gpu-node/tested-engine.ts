import type { OfferFeature } from "../core/schemas/node-protocol.ts";
import type { Engine } from "./engine.ts";
import { type ModelTest, testLine, testModel } from "./self-test.ts";

/**
 * An engine of which only what passed its test is listed. A model that comes later is tested before it is listed, and
 * one that goes is not listed any more.
 */
export function openTestedEngine(engine: Engine, say: (line: string) => void): Engine {
  const passed = new Map<string, readonly OfferFeature[]>();
  const failed = new Map<string, number>();

  async function test(): Promise<void> {
    for (const { model, features } of engine.models()) {
      if (passed.has(model) || (failed.get(model) ?? 0) > performance.now()) continue;
      const result: ModelTest = await testModel(engine, model, features);
      say(testLine(result));
      if (result.problem === null) passed.set(model, result.missing);
      else failed.set(model, performance.now() + TEST_AGAIN_MS);
    }
  }

  return {
    ...engine,
    models: () =>
      engine.models().flatMap((offer) => {
        const missing = passed.get(offer.model);
        return missing ? [{ ...offer, features: offer.features.filter((one) => !missing.includes(one)) }] : [];
      }),
    refresh: async () => {
      await engine.refresh();
      await test();
    },
  };
}

const TEST_AGAIN_MS = 5 * 60_000;
