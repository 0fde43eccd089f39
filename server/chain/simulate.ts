import type { Address, Hex } from "viem";
import { decodeEventLog, numberToHex } from "viem/utils";
import { z } from "zod";
import { entryPointAbi } from "#core/generated/abis.ts";
import { ENTRY_POINT_ADDRESS } from "#core/user-operation.ts";
import { publicClient } from "./client.ts";
import { decodeRevert, type Revert } from "./reverts.ts";

export type SimulatedCall = { from: Address; to: Address; data: Hex; gas?: bigint };
export type SimulatedLog = { address: Address; topics: Hex[]; data: Hex };
export type SimulationResult = { ok: true; gasUsed: bigint; logs: SimulatedLog[] } | { ok: false; revert: Revert };

const hex = z.string().transform((text) => text as Hex);
const answerSchema = z
  .array(
    z.object({
      calls: z.array(
        z.object({
          status: z.string(),
          returnData: hex,
          gasUsed: z.string(),
          logs: z
            .array(z.object({ address: hex, topics: z.array(hex), data: hex }))
            .nullish()
            .transform((logs) => logs ?? []),
          error: z.object({ data: hex.nullish() }).loose().nullish(),
        }),
      ),
    }),
  )
  .length(1);

/** Runs calls one after the other on top of the latest block, without sending anything. */
export async function simulateCalls(calls: readonly SimulatedCall[]): Promise<SimulationResult[]> {
  const answer = await publicClient().request({
    // Not every node's schema in viem knows the parameters as plain hex; the answer is parsed below.
    method: "eth_simulateV1" as never,
    params: [
      {
        blockStateCalls: [
          { calls: calls.map(({ gas, ...call }) => (gas === undefined ? call : { ...call, gas: numberToHex(gas) })) },
        ],
        validation: false,
      },
      "latest",
    ] as never,
  });
  const [block] = answerSchema.parse(answer);
  return (block?.calls ?? []).map((call): SimulationResult => {
    if (call.status === "0x1") return { ok: true, gasUsed: BigInt(call.gasUsed), logs: call.logs as SimulatedLog[] };
    const data = call.returnData.length > 2 ? call.returnData : (call.error?.data ?? "0x");
    return { ok: false, revert: decodeRevert(data) };
  });
}

/** Why the operation inside a bundle failed; the bundle itself goes through either way. */
export function findInnerRevert(logs: readonly SimulatedLog[], userOperationHash: Hex): Revert | null {
  for (const { address, topics, data } of logs) {
    if (address.toLowerCase() !== ENTRY_POINT_ADDRESS.toLowerCase()) continue;
    const [signature, ...indexed] = topics;
    if (!signature) continue;
    const event = decodeEventLog({ abi: entryPointAbi, data, topics: [signature, ...indexed], strict: false });
    if (event.eventName === "UserOperationRevertReason" && event.args.userOpHash === userOperationHash) {
      return decodeRevert(event.args.revertReason ?? "0x");
    }
    if (
      event.eventName === "UserOperationEvent" &&
      event.args.userOpHash === userOperationHash &&
      event.args.success === false
    ) {
      return { name: "RevertedWithoutReason", args: [], data: "0x" };
    }
  }
  return null;
}
