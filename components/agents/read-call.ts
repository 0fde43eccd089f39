import { type Hex, parseAbi } from "viem";
import { decodeFunctionData } from "viem/utils";

/** The functions people meet. Any other is shown by its bytes, and not by a name that somebody else gave it. */
const KNOWN = parseAbi([
  "function transfer(address to, uint256 amount)",
  "function approve(address spender, uint256 amount)",
  "function transferFrom(address from, address to, uint256 amount)",
  "function deposit(bytes32 ref, uint256 amount)",
  "function swapExactTokensForTokens(uint256 amountIn, uint256 amountOutMin, address[] path, address to, uint256 deadline)",
]);

/** A call as its bytes say: the function and each of its values. */
export function readCall(data: string): { name: string; values: string[] } {
  if (data === "0x") return { name: "Pay ether", values: [] };
  try {
    const { functionName, args } = decodeFunctionData({ abi: KNOWN, data: data as Hex });
    const names = KNOWN.find(({ name }) => name === functionName)?.inputs ?? [];
    return {
      name: functionName,
      values: args.map((value, index) => `${names[index]?.name ?? index}: ${[value].flat().join(" → ")}`),
    };
  } catch {
    return { name: data.slice(0, 10), values: [data] };
  }
}
