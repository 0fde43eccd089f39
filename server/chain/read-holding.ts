import { type Address, erc20Abi } from "viem";
import { publicClient } from "./client.ts";

const SYMBOL_LENGTH_MAX = 16;

/** What an account has of a token, in base units; null where the contract is no token. Its name is what it says itself. */
export async function readHolding(
  token: Address,
  account: Address,
): Promise<{ symbol: string; decimals: number; amount: bigint } | null> {
  const erc20 = { address: token, abi: erc20Abi } as const;
  const client = publicClient();
  try {
    const [symbol, decimals, amount] = await Promise.all([
      client.readContract({ ...erc20, functionName: "symbol" }),
      client.readContract({ ...erc20, functionName: "decimals" }),
      client.readContract({ ...erc20, functionName: "balanceOf", args: [account] }),
    ]);
    return { symbol: symbol.slice(0, SYMBOL_LENGTH_MAX), decimals, amount };
  } catch {
    return null;
  }
}
