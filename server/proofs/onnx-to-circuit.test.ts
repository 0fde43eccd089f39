import { expect, test } from "vitest";
import { measureAccuracy } from "#core/zk/accuracy.ts";
import { findViolation } from "#core/zk/circuit/check.ts";
import { buildNetworkCircuit } from "#core/zk/circuit/network-circuit.ts";
import { packOutputs } from "#core/zk/commitment.ts";
import { importOnnx } from "#core/zk/onnx/import-onnx.ts";
import { quantise } from "#core/zk/quantise.ts";
import { quantiseInput, runInteger } from "#core/zk/run-integer.ts";
import { readSample, readTestRows } from "../../models/onnx-samples/read-samples.ts";

/** Files that other tools exported, and the rows that they were tested on. */
const SAMPLES = [
  ["digits-mlp", "digits"],
  ["digits-lenet", "digits"],
  ["digits-depthwise", "digits"],
  ["digits-resnet", "digits"],
  ["cancer-forest", "cancer"],
  ["cancer-boosted", "cancer"],
  ["cancer-logistic", "cancer"],
  ["wine-forest", "wine"],
] as const;

test.each(SAMPLES)(
  "%s: from the file to a circuit whose outputs are the whole numbers'",
  (name, data) => {
    const { network } = importOnnx(readSample(name));
    const { inputs, labels } = readTestRows(data);
    const samples = inputs.slice(0, 60).map((input) => Float32Array.from(input));
    const whole = quantise(network, samples);
    const rows = samples.map((input, i) => ({ input, label: labels[i] ?? null }));
    expect(measureAccuracy(network, whole, rows).classes?.agreement).toBeGreaterThanOrEqual(0.97);

    const input = quantiseInput(whole, samples[0] ?? new Float32Array());
    const statement = { network: whole, inputs: [input], salt: 1n, inputSalt: 2n, context: 3n };
    const { circuit, values, publicInputs } = buildNetworkCircuit(statement);
    expect(findViolation(circuit, values)).toBeNull();
    const output = runInteger(whole, input).get(whole.architecture.output) ?? new Int32Array();
    expect(publicInputs.slice(3)).toEqual(packOutputs(whole, [output]));
  },
  60_000,
);
