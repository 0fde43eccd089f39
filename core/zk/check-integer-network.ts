import { formatGroupsOf, ownFormatOf, signsOf } from "./formats.ts";
import {
  BIAS_BITS,
  type IntegerNetwork,
  type IntegerParameters,
  MULTIPLIER_BITS,
  parameterCountsOf,
  rangeOf,
  TREE_BITS,
  WEIGHT_BITS,
} from "./integer-network.ts";
import type { Architecture, Layer } from "./network.ts";
import { refuseNetwork } from "./refuse-network.ts";

const isWholeIn = (values: ArrayLike<number>, low: number, high: number): boolean =>
  Array.prototype.every.call(values, (value: number) => Number.isInteger(value) && value >= low && value < high);

const isSignedIn = (values: ArrayLike<number>, bits: number): boolean =>
  isWholeIn(values, -(2 ** (bits - 1)), 2 ** (bits - 1));

/**
 * Throws ZK_NETWORK_REFUSED unless every tensor's format is the one that the architecture asks for and every layer has
 * its numbers, all of them in the ranges that a circuit holds them to.
 */
export function checkIntegerNetwork({ architecture, formats, parameters }: IntegerNetwork): void {
  checkFormats(architecture, formats);
  for (const layer of architecture.layers) {
    const format = formats.get(layer.output);
    checkLayer(layer, parameters.get(layer.name), format ? rangeOf(format) : [0, 0]);
  }
}

function checkFormats(architecture: Architecture, formats: IntegerNetwork["formats"]): void {
  const signs = signsOf(architecture);
  for (const [tensor, shared] of formatGroupsOf(architecture)) {
    const format = formats.get(tensor);
    if (!format || !(format.scale > 0 && Number.isFinite(format.scale))) refuseNetwork({ tensor }, "It has no scale.");
    if (format.isSigned !== signs.get(tensor)) refuseNetwork({ tensor }, "Its numbers have another sign.");
    if (format.scale !== formats.get(shared)?.scale) refuseNetwork({ tensor }, "It shares a scale, and has another.");
  }
  for (const layer of architecture.layers) {
    const own = ownFormatOf(layer);
    const format = formats.get(layer.output);
    if (own && (own.scale !== format?.scale || own.isSigned !== format.isSigned))
      refuseNetwork({ tensor: layer.output }, "It has not the format of its table.");
  }
}

function checkLayer(
  layer: Layer,
  wholes: IntegerParameters | undefined,
  [least, most]: readonly [number, number],
): void {
  const at = { layer: layer.name };
  const counts = parameterCountsOf(layer);
  for (const kind of ["weights", "biases", "multipliers"] as const)
    if ((wholes?.[kind].length ?? 0) !== counts[kind])
      refuseNetwork(at, `It has not the ${counts[kind]} ${kind} of its shape.`);
  if (!wholes) return;
  const isTrees = layer.kind === "trees";
  if (!isSignedIn(wholes.weights, isTrees ? TREE_BITS : WEIGHT_BITS)) refuseNetwork(at, "A weight leaves its range.");
  if (!isSignedIn(wholes.biases, isTrees ? TREE_BITS : BIAS_BITS)) refuseNetwork(at, "A bias leaves its range.");
  if (!isWholeIn(wholes.multipliers, 0, 2 ** MULTIPLIER_BITS)) refuseNetwork(at, "A multiplier leaves its range.");
  if (layer.kind !== "clip") return;
  const hasBounds = (wholes.low === null) === (layer.low === null) && (wholes.high === null) === (layer.high === null);
  const bounds = [wholes.low, wholes.high].filter((bound) => bound !== null);
  if (!hasBounds || !isWholeIn(bounds, least, most + 1) || (wholes.low ?? least) > (wholes.high ?? most))
    refuseNetwork(at, "Its bounds are not those of its kind.");
}
