import { expect, it } from "vitest";
import { readOptions, readPrice, UsageError } from "./options.ts";

const url = ["--url", "http://127.0.0.1:3000/"];

it("reads prices in dollars exactly, and refuses what would be rounded", () => {
  expect(readPrice("--price-input", "0.10")).toBe("100000");
  expect(readPrice("--price-input", "2")).toBe("2000000");
  expect(readPrice("--price-input", "0.000001")).toBe("1");
  for (const wrong of ["", "-1", "1e3", "0.0000001", "ten"]) {
    expect(() => readPrice("--price-input", wrong)).toThrow(UsageError);
  }
});

it("serves the shipped model unless told otherwise", () => {
  expect(readOptions(url)).toMatchObject({ url: "http://127.0.0.1:3000", serving: { kind: "found" } });
  expect(readOptions([...url, "--embedded"])).toMatchObject({ serving: { model: "converge/tiny-1" } });
  expect(readOptions(["self-test"])).toMatchObject({ isTest: true });
  const remote = readOptions([
    ...url,
    "--openai-base-url",
    "http://127.0.0.1:11434/v1/",
    "--model",
    "a",
    "--model",
    "b",
  ]);
  expect(remote?.serving).toMatchObject({ kind: "openai", baseUrl: "http://127.0.0.1:11434/v1", models: ["a", "b"] });
  expect(readOptions(["--help"])).toBeNull();
});

it("answers a mistake with a sentence that names the option", () => {
  const said = (...args: string[]) => {
    try {
      readOptions(args);
    } catch (error) {
      return error instanceof UsageError ? error.message : "not a usage error";
    }
    return "nothing";
  };
  expect(said()).toMatch(/--url/);
  expect(said("--url", "ftp://x")).toMatch(/--url is an http/);
  expect(said(...url, "--capacity", "0")).toMatch(/--capacity is a whole number/);
  expect(said(...url, "--model", "x")).toMatch(/--gguf or --openai-base-url/);
  expect(said(...url, "--nonsense")).toMatch(/--nonsense/);
});
