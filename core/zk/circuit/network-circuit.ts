import {
  CHALLENGE_DOMAIN,
  type Committed,
  committedOf,
  hashArchitecture,
  INPUT_DOMAIN,
  MODEL_DOMAIN,
  offsetOf,
} from "../commitment.ts";
import { ACTIVATION_BITS, formatOf, type IntegerNetwork, parametersOf } from "../integer-network.ts";
import type { Layer } from "../network.ts";
import { type BuilderOptions, type Circuit, CircuitBuilder, type Wire } from "./builder.ts";
import { hash, holdToFormat, type Limb, limbOf, pack, type Ranged } from "./gadgets.ts";
import { layerCircuit } from "./layers.ts";
import { checkDeferred } from "./products.ts";
import { at, type LayerWires, type Scope, type Tensor, wiresOf } from "./scope.ts";

/** What is proved together: outputs of one network for one or more inputs, under one request. */
export type NetworkStatement = {
  network: IntegerNetwork;
  /** Hides weights that could be guessed. */
  salt: bigint;
  /** Whole numbers in the format of the network's input. */
  inputs: readonly ArrayLike<number>[];
  /** Hides inputs that could be guessed. */
  inputSalt: bigint;
  /** The request that the proof is good for. */
  context: bigint;
};

export type NetworkCircuit = {
  circuit: Circuit;
  /** A value for each wire. */
  values: readonly bigint[];
  /** context, commitment, hash of the inputs, then the packed outputs. */
  publicInputs: bigint[];
};

type CommittedWires = Committed & { wires: Wire[] };

const asLayerWires = ([weights, biases, multipliers, bounds]: readonly CommittedWires[]): LayerWires => ({
  weights: weights?.wires ?? [],
  biases: biases?.wires ?? [],
  multipliers: multipliers?.wires ?? [],
  bounds: bounds?.wires ?? [],
});

/** Every number of the model as a wire, all before anything else. */
function modelInputs(builder: CircuitBuilder, network: IntegerNetwork): Map<Layer, CommittedWires[]> {
  const layers = new Map<Layer, CommittedWires[]>();
  for (const layer of network.architecture.layers) {
    const committed = committedOf(layer, parametersOf(network, layer));
    layers.set(
      layer,
      committed.map((group) => ({
        ...group,
        wires: group.values.map((value) => builder.input(value + group.offset)),
      })),
    );
  }
  return layers;
}

/** Poseidon2 over architecture, salt and every number of the model, each held to its width before it is packed. */
function commit(
  builder: CircuitBuilder,
  network: IntegerNetwork,
  layers: ReadonlyMap<Layer, readonly CommittedWires[]>,
  salt: Wire,
): Wire {
  const limbs: Limb[] = [];
  for (const groups of layers.values()) {
    for (const { wires, bits } of groups) {
      for (const wire of wires) builder.range("committed range", wire, bits);
      limbs.push(...pack(wires, bits));
    }
  }
  const architecture = builder.constant(hashArchitecture(network.architecture));
  return hash(builder, MODEL_DOMAIN, [limbOf(architecture), limbOf(salt), ...limbs]);
}

/** Numbers of several widths, each in its range, packed width by width. */
function packRanged(ranged: readonly Ranged[]): Limb[] {
  const widths = Map.groupBy(ranged, ({ bits }) => bits);
  return [...widths].flatMap(([bits, group]) =>
    pack(
      group.map(({ wire }) => wire),
      bits,
    ),
  );
}

/** Powers of a challenge over everything that the deferred products multiply, or what that follows from. */
function challenge(builder: CircuitBuilder, { deferred, absorbed }: Scope, names: readonly Wire[]): void {
  if (deferred.length === 0) return;
  const first = hash(builder, CHALLENGE_DOMAIN, [...names.map(limbOf), ...packRanged(absorbed)]);
  const count = Math.max(...deferred.map(({ rows }) => rows.length));
  const powers = [builder.constant(1n), first];
  while (powers.length < count) {
    powers.push(builder.sum("challenge power", [[1n, at(powers, powers.length - 1), first]], []));
  }
  checkDeferred({ builder, deferred }, powers);
}

/** The network's input as it is committed to; the numbers themselves are made when a layer wants them. */
function inputTensor(builder: CircuitBuilder, raised: readonly (readonly Wire[])[], offset: bigint): Tensor {
  if (offset === 0n) return { wires: () => raised, raised: null };
  let made: Wire[][] | null = null;
  const wires = () => {
    made ??= raised.map((input) => input.map((wire) => builder.sum("input", [], [[1n, wire]], -offset)));
    return made;
  };
  return { wires, raised: { wires: raised, offset } };
}

/**
 * The circuit of an architecture for so many inputs at once, and the witness of a statement.
 *
 * Throws `OutOfRange` only by way of `runInteger`, which is asked first: a statement whose numbers leave their ranges has
 * no witness.
 */
export function buildNetworkCircuit(
  { network, salt, inputs, inputSalt, context }: NetworkStatement,
  options: BuilderOptions = {},
): NetworkCircuit {
  const builder = new CircuitBuilder(options);
  const { input, layers, output } = network.architecture;
  const contextWire = builder.input(context);
  const model = modelInputs(builder, network);
  const offset = offsetOf(formatOf(network, input.tensor));
  const raised = inputs.map((values) => Array.from(values, (value) => builder.input(BigInt(value) + offset)));
  const [saltWire, inputSaltWire] = [builder.input(salt), builder.input(inputSalt)];

  const commitment = commit(builder, network, model, saltWire);
  for (const wire of raised.flat()) builder.range("input range", wire, ACTIVATION_BITS);
  const inputHash = hash(builder, INPUT_DOMAIN, [
    ...pack(raised.flat(), ACTIVATION_BITS),
    limbOf(inputSaltWire),
    limbOf(contextWire),
  ]);

  const tensors = new Map([[input.tensor, inputTensor(builder, raised, offset)]]);
  const scope: Scope = { builder, network, tensors, deferred: [], absorbed: [], tables: new Map() };
  for (const layer of layers) {
    const wires = layerCircuit(scope, layer, asLayerWires(model.get(layer) ?? []));
    tensors.set(layer.output, { wires: () => wires, raised: null });
  }
  challenge(builder, scope, [commitment, inputHash]);

  const outputFormat = formatOf(network, output);
  const outputs = wiresOf(scope, output).flat();
  const packed = pack(
    outputs.map((wire) => holdToFormat(builder, "output range", wire, outputFormat)),
    ACTIVATION_BITS,
  );
  // Public values are ordered by their place: each is said once more, at the end.
  const said = [limbOf(commitment), limbOf(inputHash), ...packed].map((limb) => builder.sum("public", [], limb));
  const publicWires = [contextWire, ...said];
  return {
    circuit: builder.finish(publicWires),
    values: builder.values,
    publicInputs: publicWires.map((wire) => builder.valueOf(wire)),
  };
}
