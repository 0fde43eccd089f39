import type { Address, Hex } from "viem";
import { isAddressEqual } from "viem/utils";
import { z } from "zod";
import { publicClient } from "#server/chain/client.ts";
import { loadDeployment } from "#server/chain/deployments.ts";

const hex = (digitsMax: number) =>
  z.string().regex(new RegExp(`^0x[0-9a-fA-F]{0,${digitsMax}}$`)) as unknown as z.ZodType<Hex>;
const block = z.union([z.literal(["latest", "finalized", "safe"]), hex(16)]);
const id = z.union([z.string().max(64), z.number(), z.null()]).default(null);
const envelope = { jsonrpc: z.literal("2.0"), id };

/** The three questions a balance's check asks of a chain, in the words of any node. */
export const chainQuestion = z.discriminatedUnion("method", [
  z.strictObject({ ...envelope, method: z.literal("eth_chainId"), params: z.array(z.never()).max(0).default([]) }),
  z.strictObject({
    ...envelope,
    method: z.literal("eth_getBlockByNumber"),
    params: z.tuple([block, z.literal(false)]),
  }),
  z.strictObject({
    ...envelope,
    method: z.literal("eth_call"),
    params: z.tuple([z.strictObject({ to: hex(40), data: hex(400) }), block]),
  }),
]);
export type ChainQuestion = z.output<typeof chainQuestion>;

type Answer = { jsonrpc: "2.0"; id: string | number | null } & (
  | { result: unknown }
  | { error: { code: number; message: string } }
);

/** Asks the chain on behalf of a page that may speak to its own origin alone. Reads the Vault and its token, nothing else. */
export async function readChain({ id, method, params }: ChainQuestion): Promise<Answer> {
  const head = { jsonrpc: "2.0" as const, id };
  const { Vault, TestUSD } = loadDeployment().contracts;
  if (method === "eth_call") {
    const to = params[0].to as Address;
    if (to.length !== 42 || ![Vault, TestUSD].some((known) => isAddressEqual(known, to)))
      return { ...head, error: { code: -32602, message: "Only the Vault and its token can be called here." } };
  }
  try {
    const result = await publicClient().request({ method, params } as Parameters<
      ReturnType<typeof publicClient>["request"]
    >[0]);
    return { ...head, result };
  } catch {
    return { ...head, error: { code: -32000, message: "The chain did not answer this; an older block may be gone." } };
  }
}
