import type { Architecture, Layer, Window } from "../../core/zk/network.ts";
import type { DigitsModelName } from "../../server/proofs/digits-model.ts";
import { SIDE } from "./draw.ts";

type Activation = "none" | "relu";

const linear = (
  name: string,
  input: string,
  [inner, columns]: readonly [number, number],
  activation: Activation,
): Layer => ({
  ...{ kind: "linear", name, input, output: `${name}.y`, shape: [columns] },
  ...{ rows: 1, inner, columns, activation },
});

const windowOf = (channels: number, side: number, kernel: number, { stride = 1, pad = 0 }): Window => ({
  ...{ channels, height: side, width: side, kernel: [kernel, kernel], strides: [stride, stride] },
  ...{ pads: [pad, pad, pad, pad], dilations: [1, 1] },
});

const conv = (name: string, input: string, window: Window, filters: number): Layer => {
  const side = window.height + 2 * window.pads[0] - window.kernel[0] + 1;
  return {
    ...{ kind: "conv", name, input, output: `${name}.y`, shape: [filters, side, side] },
    window,
    filters,
    groups: 1,
    activation: "relu",
  };
};

const halve = (name: string, input: string, channels: number, side: number): Layer => ({
  ...{ kind: "maxPool", name, input, output: `${name}.y`, shape: [channels, side / 2, side / 2] },
  window: windowOf(channels, side, 2, { stride: 2 }),
});

const PIXELS = SIDE * SIDE;

const perceptron = (hidden: number): Layer[] => [
  linear("hidden", "pixels", [PIXELS, hidden], "relu"),
  linear("digits", "hidden.y", [hidden, 10], "none"),
];

/** LeNet-5 with relu and maxima: 61,706 weights and biases. */
const lenet: Layer[] = [
  conv("conv1", "pixels", windowOf(1, SIDE, 5, { pad: 2 }), 6),
  halve("pool1", "conv1.y", 6, SIDE),
  conv("conv2", "pool1.y", windowOf(6, SIDE / 2, 5, {}), 16),
  halve("pool2", "conv2.y", 16, 10),
  linear("full1", "pool2.y", [400, 120], "relu"),
  linear("full2", "full1.y", [120, 84], "relu"),
  linear("digits", "full2.y", [84, 10], "none"),
];

const LAYERS: Record<DigitsModelName, Layer[]> = { "784-16-10": perceptron(16), "784-64-10": perceptron(64), lenet };

export const architectureOf = (name: DigitsModelName): Architecture => ({
  format: 1,
  input: { tensor: "pixels", shape: [1, SIDE, SIDE] },
  layers: LAYERS[name],
  output: "digits.y",
});
