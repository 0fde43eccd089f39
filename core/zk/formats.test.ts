import { describe, expect, it } from "vitest";
import { formatGroupsOf, signsOf } from "./formats.ts";
import type { Architecture, Layer } from "./network.ts";

const from = (input: string, output: string) => ({ name: output, input, output, shape: [1] });
const scale = (input: string, output: string, activation: "none" | "relu"): Layer => ({
  ...{ ...from(input, output), kind: "scale", channels: 1, inner: 1, activation },
});
const join = (inputs: string[], output: string): Layer => ({
  ...{ kind: "rewire", name: output, output, shape: [inputs.length], inputs },
  sources: inputs.map((_, i): [number, number] => [i, 0]),
});
const architectureOf = (...layers: Layer[]): Architecture => ({
  ...{ format: 1, input: { tensor: "x", shape: [1] }, layers, output: layers.at(-1)?.output ?? "x" },
});

describe("signs", () => {
  it("follow from the layers: what relu cut and what only adds such is not negative", () => {
    const signs = signsOf(
      architectureOf(
        scale("x", "a", "relu"),
        {
          ...{ kind: "add", name: "b", output: "b", shape: [1], inputs: ["a", "a"] },
          signs: [1, 1],
          activation: "none",
        },
        {
          ...{ kind: "add", name: "c", output: "c", shape: [1], inputs: ["a", "b"] },
          signs: [1, -1],
          activation: "none",
        },
        { kind: "multiply", name: "d", output: "d", shape: [1], inputs: ["a", "b"], activation: "none" },
        { ...from("d", "e"), kind: "softmax", rows: 1, columns: 1 },
        { ...from("c", "f"), kind: "leakyRelu", alpha: 0.1 },
      ),
    );
    expect(Object.fromEntries(signs)).toEqual({ x: true, a: false, b: false, c: true, d: false, e: false, f: true });
  });

  it("are one for all tensors that share a format, also where that is known only later", () => {
    const layers = [
      scale("x", "a", "relu"),
      { ...from("a", "mean"), kind: "reduce", outer: 1, elements: 1, inner: 1, isMean: true } as Layer,
      scale("x", "b", "none"),
      join(["a", "b"], "joined"),
    ];
    const signs = signsOf(architectureOf(...layers));
    expect(Object.fromEntries(signs)).toEqual({ x: true, a: true, mean: true, b: true, joined: true });
  });

  it("of relu are those of what it reads, which it shares its format with", () => {
    const architecture = architectureOf(scale("x", "a", "none"), { ...from("a", "b"), kind: "relu" });
    expect(signsOf(architecture).get("b")).toBe(true);
    const groups = formatGroupsOf(architecture);
    expect(groups.get("b")).toBe(groups.get("a"));
    expect(groups.get("a")).not.toBe(groups.get("x"));
  });
});
