import { describe, expect, it } from "vitest";
import { aliasesOf, canonicalModel, offeredAs, splitPrecision } from "./model-names.ts";

describe("model names", () => {
  it.each([
    ["llama2", "meta-llama/llama-2-7b-chat"],
    ["phi3", "microsoft/phi-3-mini-4k-instruct"],
    ["LLAMA3.1:latest", "meta-llama/llama-3.1-8b-instruct"],
    ["meta-llama/Meta-Llama-3.1-8B-Instruct", "meta-llama/llama-3.1-8b-instruct"],
    ["converge/tiny-1", "converge/tiny-1"],
    ["somebody/Their-Own", "somebody/Their-Own"],
  ])("%s is %s", (given, canonical) => {
    expect(canonicalModel(given)).toBe(canonical);
  });

  it("tells the precision from an engine's name", () => {
    expect(offeredAs("llama3.1:8b-instruct-q4_K_M")).toEqual({
      model: "meta-llama/llama-3.1-8b-instruct",
      precision: "q4_k_m",
    });
    expect(offeredAs("phi3:mini-fp16")).toEqual({ model: "microsoft/phi-3-mini-4k-instruct", precision: "f16" });
    expect(splitPrecision("qwen/qwen3-8b-awq")).toEqual({ name: "qwen/qwen3-8b", precision: "awq" });
    expect(offeredAs("my-model:latest")).toEqual({ model: "my-model", precision: null });
    expect(offeredAs("unknown:13b").model).toBe("unknown-13b");
  });

  it("has no alias of two models", () => {
    const names = ["meta-llama/llama-3.1-8b-instruct", "microsoft/phi-3-mini-4k-instruct"];
    for (const name of names) for (const alias of aliasesOf(name)) expect(canonicalModel(alias)).toBe(name);
  });
});
