import { positionsOf, type Window } from "../../network.ts";
import { type Activation, elementsOf, type Value } from "../draft.ts";
import type { NodeImport, OperatorImport } from "../node-import.ts";
import { tooLarge } from "../refusals.ts";
import { along, pick, reshape, stridesOf } from "../rewire.ts";

/** A tensor of one image. Sound, of one axis, is an image of one row. */
type Image = { channels: number; lengths: [number, number]; isRow: boolean };

function imageOf(node: NodeImport, x: Activation): Image {
  const [batch, channels = 0, first = 0, second] = x.dims;
  if (x.dims.length !== 3 && x.dims.length !== 4)
    throw node.unsupported(`reads a shape of ${x.dims.length} axes; batch, channels and one or two more can be proved`);
  if (batch !== 1)
    throw node.unsupported(`reads a batch of ${batch}; export the model with a batch of 1, or an open one`);
  return second === undefined
    ? { channels, lengths: [1, first], isRow: true }
    : { channels, lengths: [first, second], isRow: false };
}

/** An attribute with a number for each axis of the image. */
function perAxis(node: NodeImport, name: string, isRow: boolean, otherwise: number): [number, number] {
  const listed = node.integers(name) ?? (isRow ? [otherwise] : [otherwise, otherwise]);
  const [first, second] = isRow ? [1, ...listed] : listed;
  const isPair = listed.length === (isRow ? 1 : 2) && first !== undefined && second !== undefined;
  if (!isPair || !isCount(first) || !isCount(second)) throw node.invalid(`has ${name} of [${listed.join(", ")}]`);
  return [first, second];
}

const LENGTH_MAX = 1_000_000;
const isCount = (value: number): boolean => Number.isInteger(value) && value >= 1 && value <= LENGTH_MAX;

/** Where windows lie along one axis: zeros before and after, and how many windows there are. */
type Placing = { before: number; after: number; positions: number };

/**
 * The windows along one axis.
 *
 * With ceil_mode the last window may hang over the end, but a window that would start beyond what is there, with the zeros
 * before, is left out.
 */
function placeWindows(
  node: NodeImport,
  length: number,
  [before, after]: [number, number],
  span: number,
  stride: number,
  isCeiled: boolean,
): Placing {
  const room = length + before + after - span;
  if (room < 0) throw node.invalid("has a window that is larger than the image");
  let positions = (isCeiled ? Math.ceil(room / stride) : Math.floor(room / stride)) + 1;
  if (isCeiled && (positions - 1) * stride >= length + before) positions--;
  return { before, after, positions };
}

/** Zeros so that there is a window for each `stride` elements; an odd one more stands where the mode says. */
function placeSame(length: number, span: number, stride: number, isUpper: boolean): Placing {
  const positions = Math.ceil(length / stride);
  const zeros = Math.max(0, (positions - 1) * stride + span - length);
  const before = isUpper ? Math.floor(zeros / 2) : Math.ceil(zeros / 2);
  return { before, after: zeros - before, positions };
}

type Placed = { window: Window; placings: [Placing, Placing] };

function windowOf(node: NodeImport, image: Image, kernel: [number, number], isCeiled: boolean): Placed {
  const { channels, lengths, isRow } = image;
  const strides = perAxis(node, "strides", isRow, 1);
  const dilations = perAxis(node, "dilations", isRow, 1);
  const listed = node.integers("pads") ?? (isRow ? [0, 0] : [0, 0, 0, 0]);
  const pads = isRow ? [0, listed[0] ?? 0, 0, listed[1] ?? 0] : listed;
  const areCounts = pads.every((pad) => Number.isInteger(pad) && pad >= 0 && pad <= LENGTH_MAX);
  if (listed.length !== (isRow ? 2 : 4) || !areCounts) throw node.invalid(`has pads of [${listed.join(", ")}]`);
  const mode = node.text("auto_pad", "NOTSET");
  if (!["NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER", ""].includes(mode))
    throw node.invalid("has an unknown auto_pad");
  const place = (axis: 0 | 1): Placing => {
    const span = dilations[axis] * (kernel[axis] - 1) + 1;
    if (mode.startsWith("SAME")) return placeSame(lengths[axis], span, strides[axis], mode === "SAME_UPPER");
    const around: [number, number] = mode === "VALID" ? [0, 0] : [pads[axis] ?? 0, pads[axis + 2] ?? 0];
    return placeWindows(node, lengths[axis], around, span, strides[axis], isCeiled);
  };
  const placings: [Placing, Placing] = [place(0), place(1)];
  const [down, across] = placings;
  const window: Window = {
    channels,
    height: lengths[0],
    width: lengths[1],
    kernel,
    strides,
    dilations,
    pads: [down.before, across.before, down.after, across.after],
  };
  return { window: checked(window), placings };
}

function checked(window: Window): Window {
  if (window.pads.some((pad) => pad > LENGTH_MAX))
    throw tooLarge(`An image has more than ${LENGTH_MAX} zeros around it.`);
  return window;
}

/** The window with as much behind the image as its last position reaches over. */
function reachingOver({ window, placings }: Placed): Window {
  const behind = (axis: 0 | 1) => {
    const { before, after, positions } = placings[axis];
    const end = (positions - 1) * window.strides[axis] + window.dilations[axis] * (window.kernel[axis] - 1) + 1;
    const length = axis === 0 ? window.height : window.width;
    return positionsOf(window)[axis] === positions ? after : Math.max(0, end - length - before);
  };
  return checked({ ...window, pads: [window.pads[0], window.pads[1], behind(0), behind(1)] });
}

function dimsOf(image: Image, channels: number, window: Window): number[] {
  const [down, across] = positionsOf(window);
  return image.isRow ? [1, channels, across] : [1, channels, down, across];
}

/** Windows cost by what they look at, not only by what they give. `operations` are those for each place of the window. */
function spendOn(node: NodeImport, window: Window, operations: number): void {
  const [down, across] = positionsOf(window);
  const places = down * across * window.kernel[0] * window.kernel[1];
  node.draft.spend(places);
  node.draft.spendOperations(places * operations);
}

function conv(node: NodeImport): Value {
  const [x, weights] = [node.activation(0), node.constant(1)];
  const image = imageOf(node, x);
  const [filters = 0, channelsPerGroup = 0, ...size] = weights.dims;
  const groups = node.integer("group", 1);
  const kernel: [number, number] = image.isRow ? [1, size[0] ?? 0] : [size[0] ?? 0, size[1] ?? 0];
  const isFitting =
    weights.dims.length === x.dims.length &&
    elementsOf(weights.dims) > 0 &&
    isCount(groups) &&
    filters % groups === 0 &&
    channelsPerGroup * groups === image.channels;
  if (!isFitting)
    throw node.invalid(`has filters of [${weights.dims.join(", ")}] in ${groups} groups for [${x.dims.join(", ")}]`);
  const said = node.integers("kernel_shape");
  if (said && said.join() !== size.join()) throw node.invalid("says another kernel than its weights have");
  const { window } = windowOf(node, image, kernel, false);
  spendOn(node, window, filters * channelsPerGroup);
  const addend = node.optionalConstant(2);
  if (addend && (addend.dims.length !== 1 || addend.dims[0] !== filters))
    throw node.invalid("has biases that do not fit");
  return node.emit({ kind: "conv", window, filters, groups, activation: "none" }, [x], dimsOf(image, filters, window), {
    weights: new Float64Array(weights.values),
    biases: addend ? new Float64Array(addend.values) : new Float64Array(filters),
  });
}

function pooledWindow(node: NodeImport, x: Activation): Placed & { image: Image } {
  const image = imageOf(node, x);
  if (!node.has("kernel_shape")) throw node.invalid("says no kernel_shape");
  const placed = windowOf(node, image, perAxis(node, "kernel_shape", image.isRow, 1), node.isSet("ceil_mode"));
  spendOn(node, placed.window, image.channels);
  if (![0, 1].every((axis) => areAllInside(node, placed, axis as 0 | 1)))
    throw node.unsupported("has windows that lie outside of the image");
  return { ...placed, image };
}

/** Whether each window looks at something along an axis. */
function areAllInside(node: NodeImport, { window, placings }: Placed, axis: 0 | 1): boolean {
  const { before, positions } = placings[axis];
  const [length, places] = [axis === 0 ? window.height : window.width, window.kernel[axis]];
  node.draft.spend(positions * places);
  const isInside = (place: number) => place >= 0 && place < length;
  for (let position = 0; position < positions; position++) {
    let place = position * window.strides[axis] - before;
    for (let i = 0; i < places && !isInside(place); i++) place += window.dilations[axis];
    if (!isInside(place)) return false;
  }
  return true;
}

function maxPool(node: NodeImport): Value {
  const x = node.activation(0);
  const placed = pooledWindow(node, x);
  const window = reachingOver(placed);
  return node.emit({ kind: "maxPool", window }, [x], dimsOf(placed.image, window.channels, window), null, x.type);
}

function averagePool(node: NodeImport): Value {
  const x = node.activation(0);
  const placed = pooledWindow(node, x);
  const window = reachingOver(placed);
  const countsPads = node.isSet("count_include_pad");
  const reachesOver = window.pads.some((pad, side) => pad !== placed.window.pads[side]);
  // Zeros that the model put there count; what the last window reaches over beyond them never does.
  if (countsPads && reachesOver) return emitPadded(node, x, placed, window);
  const operation = { kind: "averagePool", window, countsPads } as const;
  return node.emit(operation, [x], dimsOf(placed.image, window.channels, window));
}

/** An average over an image whose zeros have become a part of it. */
function emitPadded(node: NodeImport, x: Activation, placed: Placed & { image: Image }, reaching: Window): Activation {
  const { window, image } = placed;
  const [top, left, bottom, right] = window.pads;
  const [height, width] = [window.height + top + bottom, window.width + left + right];
  const flat = reshape(node, x, [window.channels, window.height, window.width]);
  const [plane = 1, row = 1] = stridesOf(flat.dims);
  const withZeros = (length: number, before: number, after: number, stride: number) => [
    ...Array(before).fill(-1),
    ...along(length, stride),
    ...Array(after).fill(-1),
  ];
  const padded = pick(node, flat, [
    along(window.channels, plane),
    withZeros(window.height, top, bottom, row),
    withZeros(window.width, left, right, 1),
  ]);
  const pads: Window["pads"] = [0, 0, Math.max(0, reaching.pads[2] - bottom), Math.max(0, reaching.pads[3] - right)];
  const whole: Window = { ...window, height, width, pads };
  const operation = { kind: "averagePool", window: whole, countsPads: false } as const;
  return node.emit(operation, [padded], dimsOf(image, window.channels, whole));
}

/** Mean or largest of everything that a channel has. */
const overAll =
  (isMean: boolean): OperatorImport =>
  (node) => {
    const x = node.activation(0);
    const [batch = 1, channels = 1, ...lengths] = x.dims;
    if (x.dims.length < 3) throw node.invalid("pools what is no image");
    const elements = elementsOf(lengths);
    const dims = [batch, channels, ...lengths.map(() => 1)];
    if (isMean) return node.emit({ kind: "reduce", outer: batch * channels, elements, inner: 1, isMean }, [x], dims);
    return emitLargest(node, x, batch * channels, elements, dims);
  };

/** The largest of each row. */
export function emitLargest(
  node: NodeImport,
  x: Activation,
  rows: number,
  columns: number,
  dims: readonly number[],
): Activation {
  const window: Window = {
    channels: rows,
    height: 1,
    width: columns,
    kernel: [1, columns],
    strides: [1, 1],
    pads: [0, 0, 0, 0],
    dilations: [1, 1],
  };
  return node.emit({ kind: "maxPool", window }, [x], dims, null, x.type);
}

function batchNormalization(node: NodeImport): Value {
  // Of old, training was told by what a node gives.
  const isTraining = node.opset < 14 && node.node.outputs.slice(1).some((name) => name !== "");
  if (node.isSet("training_mode") || isTraining)
    throw node.unsupported("was exported for training; export the model in evaluation mode");
  const x = node.activation(0);
  const [scale, addend, mean, variance] = [1, 2, 3, 4].map((index) => node.constant(index));
  const channels = x.dims[1] ?? 1;
  const all = [scale, addend, mean, variance];
  if (!all.every((part) => part?.dims.length === 1 && part.dims[0] === channels))
    throw node.invalid(`has statistics that do not fit its ${channels} channels`);
  const epsilon = node.number("epsilon", Math.fround(1e-5));
  const weights = Float64Array.from(
    { length: channels },
    (_, c) => (scale?.values[c] ?? 0) / Math.sqrt((variance?.values[c] ?? 0) + epsilon),
  );
  const biases = weights.map((weight, c) => (addend?.values[c] ?? 0) - (mean?.values[c] ?? 0) * weight);
  const inner = elementsOf(x.dims.slice(2));
  return node.emit({ kind: "affine", channels, inner, activation: "none" }, [x], x.dims, { weights, biases });
}

export const WINDOWS: Record<string, OperatorImport> = {
  Conv: conv,
  MaxPool: maxPool,
  AveragePool: averagePool,
  GlobalAveragePool: overAll(true),
  GlobalMaxPool: overAll(false),
  BatchNormalization: batchNormalization,
};
