import { type Draft, type DraftLayer, elementsOf, type Wiring } from "./draft.ts";

const INPUTS_MAX = 64;

/**
 * Turns what a draft has into what a network has: factors that repeat are brought to stand in front, and rewirings of
 * rewirings become one.
 */
export function lowerLayers(draft: Draft, layers: readonly DraftLayer[]): DraftLayer[] {
  const byOutput = new Map<number, DraftLayer>();
  return layers
    .flatMap((layer) => lowerAffine(draft, layer))
    .map((layer) => {
      const joined = joinWirings(layer, byOutput);
      byOutput.set(joined.output, joined);
      return joined;
    });
}

/** A scale has its channels first: what stands before them is moved behind them, and back. Wires cost nothing. */
function lowerAffine(draft: Draft, layer: DraftLayer): DraftLayer[] {
  const { operation, dims } = layer;
  if (operation.kind !== "affine") return [layer];
  const size = elementsOf(dims);
  if (isUniform(layer)) {
    const { weights, biases } = layer.learnt ?? { weights: new Float64Array(1), biases: new Float64Array(1) };
    const learnt = { weights: weights.slice(0, 1), biases: biases.slice(0, 1) };
    return [{ ...layer, operation: { ...operation, channels: 1, inner: size }, learnt }];
  }
  const { channels, inner } = operation;
  const outer = size / (channels * inner);
  if (outer === 1) return [layer];
  const [moved, scaled] = [draft.newTensor(), draft.newTensor()];
  const toFront = swapped(outer, channels, inner);
  const back = swapped(channels, outer, inner);
  const scale = { ...operation, inner: outer * inner };
  return [
    { ...layer, operation: toFront, output: moved, learnt: null },
    { ...layer, operation: scale, inputs: [moved], output: scaled },
    { ...layer, operation: back, inputs: [scaled], learnt: null },
  ];
}

const isUniform = ({ learnt }: DraftLayer): boolean =>
  learnt !== null && [learnt.weights, learnt.biases].every((values) => values.every((value) => value === values[0]));

/** From rows of `columns` blocks to columns of `rows` blocks. */
function swapped(rows: number, columns: number, block: number): Wiring {
  const at = new Int32Array(rows * columns * block);
  let next = 0;
  for (let column = 0; column < columns; column++)
    for (let row = 0; row < rows; row++)
      for (let i = 0; i < block; i++) at[next++] = (row * columns + column) * block + i;
  return { kind: "wiring", from: new Uint8Array(at.length), at };
}

/** A wiring that reads wirings reads what they read, as long as that are not too many tensors. */
function joinWirings(layer: DraftLayer, byOutput: ReadonlyMap<number, DraftLayer>): DraftLayer {
  const { operation } = layer;
  if (operation.kind !== "wiring") return layer;
  const inputs: number[] = [];
  const placeOf = (tensor: number) => {
    const known = inputs.indexOf(tensor);
    return known >= 0 ? known : inputs.push(tensor) - 1;
  };
  const sources = layer.inputs.map((tensor) => {
    const source = byOutput.get(tensor);
    return source?.operation.kind === "wiring" ? { wiring: source.operation, inputs: source.inputs } : null;
  });
  const from = new Uint8Array(operation.from.length);
  const at = new Int32Array(operation.at.length).fill(-1);
  for (let i = 0; i < at.length; i++) {
    const which = operation.from[i] ?? 0;
    const place = operation.at[i] ?? -1;
    const source = sources[which];
    const tensor = source ? source.inputs[source.wiring.from[place] ?? 0] : layer.inputs[which];
    const found = source ? (source.wiring.at[place] ?? -1) : place;
    if (place < 0 || found < 0 || tensor === undefined) continue;
    const input = placeOf(tensor);
    if (input >= INPUTS_MAX) return layer;
    from[i] = input;
    at[i] = found;
  }
  // All of it is zero: it still has to read something.
  return {
    ...layer,
    inputs: inputs.length > 0 ? inputs : layer.inputs.slice(0, 1),
    operation: { kind: "wiring", from, at },
  };
}
