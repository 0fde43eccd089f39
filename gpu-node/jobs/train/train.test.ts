import { describe, expect, it } from "vitest";
import { sha256Hex } from "../../../core/node-signature.ts";
import {
  accuracy,
  createNetwork,
  createOptimiser,
  createRandom,
  foldScaling,
  indexOfMost,
  scores,
  trainEpoch,
} from "./classifier.ts";
import { readTable, splitLine } from "./read-table.ts";
import { writeOnnx } from "./write-onnx.ts";

describe("reading a table", () => {
  it("takes quoted fields, and says the line of what it cannot take", () => {
    expect(splitLine('1,"a, ""b""",2')).toEqual(["1", 'a, "b"', "2"]);
    const rows = Array.from({ length: 12 }, (_, i) => `${i},${i % 2 ? "odd" : "even"}`);
    const read = (lines: string[]) => readTable(["x,kind", ...lines].join("\n"), "kind");
    expect(read(rows)).toMatchObject({ columns: ["x"], labels: ["even", "odd"] });
    expect(() => read([...rows, "three,odd"])).toThrow('Line 14: "three" in column "x" is no number.');
    expect(() => read([...rows, "1"])).toThrow("Line 14: it has 1 fields, the header 2.");
    expect(() => read(rows.slice(0, 4))).toThrow("ten are needed");
    expect(() => read(rows.map((row) => row.replace("odd", "even")))).toThrow("two are needed");
    expect(() => readTable("a,b\n1,2", "c")).toThrow('no column "c"');
  });
});

describe("the classifier", () => {
  const random = createRandom(3);
  const inputs = Array.from({ length: 300 }, () => Float64Array.from([random() * 10 + 5, random() * 0.1]));
  const classes = inputs.map(([x = 0, y = 0]) => (x - 10 + (y - 0.05) * 100 > 0 ? 1 : 0));

  it("learns what can be learnt, the same for the same seed, and goes on as if it had not stopped", () => {
    const mean = Float64Array.from([10, 0.05]);
    const deviation = Float64Array.from([2.9, 0.029]);
    const scaled = inputs.map((row) => row.map((value, i) => (value - (mean[i] ?? 0)) / (deviation[i] ?? 1)));
    const train = (epochs: number) => {
      const network = createNetwork(2, 8, 2, createRandom(1));
      const optimiser = createOptimiser(network);
      for (let epoch = 1; epoch <= epochs; epoch += 1)
        trainEpoch(network, optimiser, { inputs: scaled, classes }, createRandom(1 + epoch));
      return network;
    };
    const network = train(30);
    expect(accuracy(network, { inputs: scaled, classes })).toBeGreaterThan(0.95);
    expect(train(30)).toEqual(network);
    // With the scaling folded in, the inputs are those of the file.
    const folded = foldScaling(network, mean, deviation);
    for (const [i, input] of inputs.entries())
      expect(indexOfMost(scores(folded, input))).toBe(indexOfMost(scores(network, scaled[i] ?? input)));
  });

  it("writes the same bytes for the same network: those that ONNX Runtime read and ran alike", async () => {
    const network = createNetwork(3, 4, 2, createRandom(7));
    expect(await sha256Hex(Uint8Array.from(writeOnnx(network, "test")))).toBe(
      "5ee8aab6dba7382209d0d66576b5b5dd175469361f607a1432c290fcf8e0a0f1",
    );
  });
});
