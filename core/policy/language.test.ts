import { parseAbi } from "viem";
import { encodeFunctionData, getAddress, keccak256, toFunctionSelector, toHex } from "viem/utils";
import { describe, expect, it } from "vitest";
import { holds, readArgument } from "./conditions.ts";
import { compileDemand, compileFunction, type Demand, demandSchema, readFunction } from "./language.ts";

const SELF = getAddress(toHex(0xa11ce, { size: 20 }));
const [A, B, C] = [1, 2, 3].map((n) => getAddress(toHex(n, { size: 20 }))) as [
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
];
const SWAP =
  "swapExactTokensForTokens(uint256 amountIn, uint256 amountOutMin, address[] path, address to, uint256 deadline)";
const swap = encodeFunctionData({
  abi: parseAbi([`function ${SWAP}`] as never),
  functionName: "swapExactTokensForTokens",
  args: [500n, 490n, [A, B, C], SELF, 9n],
} as never);
const V3 = "exactInput((bytes path, address recipient, uint256 deadline, uint256 amountIn, uint256 least) params)";
const V3_SINGLE =
  "exactInputSingle((address tokenIn, address tokenOut, uint24 fee) params, uint256 limit, string memo)";

const isMet = (text: string, demand: Demand, data: `0x${string}`): boolean =>
  holds(
    {
      effect: "allow",
      target: A,
      selector: "0x12345678",
      valueMax: 0n,
      proof: null,
      conditions: [compileDemand(readFunction(text), demand, SELF)],
    },
    data,
  );

describe("the language of rules", () => {
  it.each<[Demand, boolean]>([
    [{ argument: "to", is: "self" }, true],
    [{ argument: "to", is: A }, false],
    [{ argument: "path[0]", is: A }, true],
    [{ argument: "path[1]", oneOf: [A, C] }, false],
    [{ argument: "path[last]", oneOf: [B, C] }, true],
    [{ argument: "path[3]", noneOf: [A] }, false],
    [{ argument: "path.length", atMost: "3" }, true],
    [{ argument: "path.length", atLeast: "4" }, false],
    [{ argument: "amountIn", atMost: "500" }, true],
    [{ argument: "amountIn", atMost: "499" }, false],
    [{ argument: "0", is: "500" }, true],
    [{ argument: "amountOutMin", noneOf: ["0", "1"] }, true],
  ])("holds a swap to %j", (demand, expected) => {
    expect(isMet(SWAP, demandSchema.parse(demand), swap)).toBe(expected);
  });

  it("looks into structures, where they lie in the head and where they lie elsewhere", () => {
    const dynamic = encodeFunctionData({
      abi: parseAbi([`function ${V3}`] as never),
      functionName: "exactInput",
      args: [{ path: "0x0102", recipient: B, deadline: 1n, amountIn: 7n, least: 6n }],
    } as never);
    expect(isMet(V3, { argument: "params.recipient", is: B }, dynamic)).toBe(true);
    expect(isMet(V3, { argument: "params.amountIn", atMost: "6" }, dynamic)).toBe(false);
    const inline = encodeFunctionData({
      abi: parseAbi([`function ${V3_SINGLE}`] as never),
      functionName: "exactInputSingle",
      args: [{ tokenIn: A, tokenOut: B, fee: 3_000 }, 8n, "rent"],
    } as never);
    expect(isMet(V3_SINGLE, { argument: "params.tokenOut", is: B }, inline)).toBe(true);
    expect(isMet(V3_SINGLE, { argument: "params.fee", is: "500" }, inline)).toBe(false);
    // What comes after a structure lies after all of its words.
    expect(isMet(V3_SINGLE, { argument: "limit", is: "8" }, inline)).toBe(true);
    expect(isMet(V3_SINGLE, { argument: "memo", is: "rent" }, inline)).toBe(true);
    expect(isMet(V3_SINGLE, { argument: "memo", is: "Rent" }, inline)).toBe(false);
  });

  it("names the function by its selector, names of arguments or not", () => {
    expect(compileFunction("transfer(address to, uint256 amount)", [], SELF).selector).toBe(
      toFunctionSelector("transfer(address,uint256)"),
    );
    expect(compileFunction("function transfer(address,uint256)", [{ argument: "0", is: A }], SELF)).toMatchObject({
      selector: "0xa9059cbb",
      conditions: [{ reading: "word", word: 0, comparison: "equal" }],
    });
  });

  it.each<[string, string, Demand]>([
    ["no function", "transfer", { argument: "to", is: "1" }],
    ["an argument that is not there", "f(uint256 a)", { argument: "b", is: "1" }],
    ["a whole list", "f(address[] a)", { argument: "a", is: A }],
    ["an element of what is no list", "f(uint256 a)", { argument: "a[0]", is: "1" }],
    ["a list of texts", "f(string[] a)", { argument: "a[0]", is: "x" }],
    ["a field of what has none", "f(uint256 a)", { argument: "a.b", is: "1" }],
    ["an address that is none", "f(address a)", { argument: "a", is: "0x12" }],
    ["a number that is too large", "f(uint8 a)", { argument: "a", is: "256" }],
    ["an order of addresses", "f(address a)", { argument: "a", atMost: "5" }],
    ["an order of signed numbers", "f(int256 a)", { argument: "a", atLeast: "5" }],
  ])("refuses %s", (_, text, demand) => {
    expect(() => compileFunction(text, [demand], SELF)).toThrow(expect.objectContaining({ code: "POLICY_INVALID" }));
  });

  it("says one thing of an argument at a time", () => {
    expect(demandSchema.safeParse({ argument: "a", is: "1", atMost: "2" }).success).toBe(false);
    expect(demandSchema.safeParse({ argument: "a" }).success).toBe(false);
  });

  it("reads nothing beyond the call data", () => {
    const condition = {
      reading: "hash" as const,
      word: 0,
      element: 0,
      comparison: "equal" as const,
      operands: [keccak256("0x")],
    };
    expect(readArgument("0x12345678", condition)).toBeNull();
    expect(readArgument(`0x12345678${"ff".repeat(32)}`, condition)).toBeNull();
  });
});
