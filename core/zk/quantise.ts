import { calibrate } from "./calibrate.ts";
import { checkIntegerNetwork } from "./check-integer-network.ts";
import { chooseFormats, scalesEach } from "./choose-formats.ts";
import { fitTables, separateFormats } from "./fit-architecture.ts";
import type { IntegerNetwork, IntegerParameters } from "./integer-network.ts";
import type { FloatNetwork, Layer, LayerParameters } from "./network.ts";
import { quantiseLayer } from "./quantise-layer.ts";
import { refuseNetwork } from "./refuse-network.ts";

export type QuantiseOptions = {
  /** How much larger than on any sample a number may be before it leaves its range: 0.5 is half as much again. */
  margin?: number;
  /**
   * Whether all elements of the input have one scale, or each its own. Unless it is said, each has its own where trees or
   * a normalisation read the input: those are features, of different kinds.
   */
  inputScales?: "one" | "each";
};

/** Accuracy hangs on weights of 8 bits, not on numbers of 12: a wide margin costs nothing, and an input out of range all. */
const MARGIN = 0.5;

/**
 * Writes a network in whole numbers, with scales that fit what its tensors were on the samples.
 *
 * The architecture differs from the one that comes in where a table's stretch is fitted, and where a layer is needed that
 * gives tensors that are joined one format.
 *
 * Throws ZK_SAMPLES_INVALID for samples that are none, and ZK_NETWORK_REFUSED with the layer that has no whole numbers.
 */
export function quantise(
  network: FloatNetwork,
  samples: readonly Float32Array[],
  { margin = MARGIN, inputScales }: QuantiseOptions = {},
): IntegerNetwork {
  checkParameters(network);
  const separated = separateFormats(network);
  const calibration = calibrate(separated, samples);
  const architecture = fitTables(separated.architecture, calibration, margin);
  const fitted = { ...separated, architecture };
  const formats = chooseFormats(fitted, calibration, { margin, hasScales: scalesEach(architecture, inputScales) });
  const formatOf = (tensor: string) => {
    const format = formats.get(tensor);
    if (!format) throw new RangeError(`The network has no tensor ${tensor}.`);
    return format;
  };
  const parameters = new Map<string, IntegerParameters>();
  for (const layer of architecture.layers) {
    const learnt = () => learntOf(fitted, layer);
    const wholes = quantiseLayer(layer, { formatOf, calibration, learnt });
    if (wholes) parameters.set(layer.name, wholes);
  }
  const integer = { architecture, formats, parameters };
  checkIntegerNetwork(integer);
  return integer;
}

function learntOf({ parameters }: FloatNetwork, layer: Layer): LayerParameters {
  const learnt = parameters.get(layer.name);
  if (!learnt) throw new RangeError(`The layer ${layer.name} has no weights.`);
  return learnt;
}

/** A threshold may be infinite: all numbers lie on one side of it. */
function checkParameters({ architecture, parameters }: FloatNetwork): void {
  for (const layer of architecture.layers) {
    const { weights, biases } = parameters.get(layer.name) ?? { weights: [], biases: [] };
    const areWeights = layer.kind === "trees" ? !weights.some(Number.isNaN) : weights.every(Number.isFinite);
    if (!areWeights || !biases.every(Number.isFinite))
      refuseNetwork({ layer: layer.name }, "Not everything that it was taught is a number.");
  }
}
