import type { Address, Hex } from "viem";
import { decodeFunctionResult, encodeFunctionData, numberToHex } from "viem/utils";
import { testUsdAbi, vaultAbi } from "#core/generated/abis.ts";
import type { BalanceProof } from "#core/solvency.ts";

/** Our own reading of the chain: the only address a page of ours may speak to. Any node gives the same answers. */
const OWN_RPC = "/api/v1/chain";

export type VaultAnchor = { root: Hex; liabilities: bigint };
/** `anchorOf` answers five words. */
export const ANCHOR_WORDS = 5;

const anchorCall = (proof: BalanceProof): Hex =>
  encodeFunctionData({ abi: vaultAbi, functionName: "anchorOf", args: [BigInt(proof.epoch)] });
const reservesCall = (proof: BalanceProof): Hex =>
  encodeFunctionData({ abi: testUsdAbi, functionName: "balanceOf", args: [proof.vault] });

/** The same questions for a terminal, to put to a node that the reader trusts. */
export function curlOf(proof: BalanceProof): string {
  const call = (to: Address, data: Hex, block: string) =>
    `curl -s $RPC -H 'content-type: application/json' -d '${JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_call", params: [{ to, data }, block] })}'`;
  const block = numberToHex(BigInt(proof.anchor.blockNumber));
  return `# anchorOf(${proof.epoch}): time, deposits counted, liabilities, root, audit head; one word each\n${call(proof.vault, anchorCall(proof), "latest")}\n# balanceOf(Vault) at the anchor's block: the reserves\n${call(proof.token, reservesCall(proof), block)}`;
}

class ChainUnreachable extends Error {}

async function ask(method: string, params: unknown[]): Promise<unknown> {
  let answer: { result?: unknown; error?: { message?: string } };
  try {
    const response = await fetch(OWN_RPC, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    });
    answer = await response.json();
  } catch {
    throw new ChainUnreachable("The chain could not be asked through this site. Ask a node of your own, as below.");
  }
  if (answer.result === undefined || answer.result === null)
    throw new ChainUnreachable(answer.error?.message ?? "The node gave no answer.");
  return answer.result;
}

/** The result in a node's answer, pasted whole or by itself; null when there is none of that many words. */
export function readAnswer(text: string, words: number): Hex | null {
  const found = /0x[0-9a-fA-F]+/.exec(text.includes("result") ? (text.split("result")[1] ?? "") : text)?.[0];
  return found?.length === 2 + words * 64 ? (found as Hex) : null;
}

export function decodeAnchor(data: Hex): VaultAnchor {
  const { root, liabilities } = decodeFunctionResult({ abi: vaultAbi, functionName: "anchorOf", data });
  return { root, liabilities };
}

/** Root and sum as the Vault holds them, and its tokens at the block of the anchor. */
export async function askVault(
  proof: BalanceProof,
): Promise<{ anchor: VaultAnchor; reserves: bigint; chainId: number }> {
  const call = (to: Address, data: Hex, block: string) => ask("eth_call", [{ to, data }, block]) as Promise<Hex>;
  const chainId = Number((await ask("eth_chainId", [])) as Hex);
  const [anchor, then] = await Promise.all([
    call(proof.vault, anchorCall(proof), "latest"),
    // A node that has forgotten the block is asked for now.
    call(proof.token, reservesCall(proof), numberToHex(BigInt(proof.anchor.blockNumber))).catch(() =>
      call(proof.token, reservesCall(proof), "latest"),
    ),
  ]);
  return { anchor: decodeAnchor(anchor), reserves: BigInt(then), chainId };
}
