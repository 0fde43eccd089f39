import { ownFormatOf, signsOf } from "../formats.ts";
import {
  type IntegerNetwork,
  type IntegerParameters,
  parameterCountsOf,
  type TensorFormat,
} from "../integer-network.ts";
import type { Architecture } from "../network.ts";

/** An architecture that was taught nothing: its circuit is that of every network of this architecture. */
export function blankNetwork(architecture: Architecture): IntegerNetwork {
  const signs = signsOf(architecture);
  const formatOf = (tensor: string): TensorFormat => ({ scale: 1, isSigned: signs.get(tensor) ?? true });
  const formats = new Map([[architecture.input.tensor, formatOf(architecture.input.tensor)]]);
  const parameters = new Map<string, IntegerParameters>();
  for (const layer of architecture.layers) {
    formats.set(layer.output, ownFormatOf(layer) ?? formatOf(layer.output));
    const { weights, biases, multipliers } = parameterCountsOf(layer);
    const [low, high] = layer.kind === "clip" ? [layer.low, layer.high] : [null, null];
    parameters.set(layer.name, {
      weights: new Int16Array(weights),
      biases: new Float64Array(biases),
      multipliers: new Int32Array(multipliers),
      low: low === null ? null : 0,
      high: high === null ? null : 0,
    });
  }
  return { architecture, formats, parameters };
}
