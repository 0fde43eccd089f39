import type { Engine } from "./engine.ts";

/** Several engines as one: each model is answered by the first that has it. */
export function joinEngines(engines: readonly Engine[]): Engine {
  const models = () => {
    const seen = new Set<string>();
    return engines
      .flatMap((engine) => engine.models())
      .filter(({ model }) => (seen.has(model) ? false : seen.add(model)));
  };
  const engineOf = (model: string): Engine => {
    const engine = engines.find((one) => one.models().some((offered) => offered.model === model));
    if (!engine) throw new Error(`${model} is not served here any more.`);
    return engine;
  };
  return {
    models,
    refresh: async () => {
      await Promise.all(engines.map((engine) => engine.refresh()));
    },
    generate: (work, signal) => engineOf(work.model).generate(work, signal),
    embed: (model, inputs, signal) => engineOf(model).embed(model, inputs, signal),
    close: async () => {
      await Promise.all(engines.map((engine) => engine.close()));
    },
  };
}
