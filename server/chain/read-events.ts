import type { Abi, Address, ContractEventName, GetContractEventsReturnType } from "viem";
import { publicClient } from "./client.ts";
import { loadDeployment } from "./deployments.ts";

const BLOCKS_AT_ONCE = 5_000n;

/** All events of one name that a contract of ours emitted from its deployment to a block, in the chain's order. */
export async function readEvents<const A extends Abi, N extends ContractEventName<A>>(
  contract: { address: Address; abi: A },
  eventName: N,
  toBlock: bigint,
): Promise<GetContractEventsReturnType<A, N, true>> {
  const found: unknown[] = [];
  for (let from = loadDeployment().deployedAtBlock; from <= toBlock; from += BLOCKS_AT_ONCE) {
    const last = from + BLOCKS_AT_ONCE - 1n;
    found.push(
      ...(await publicClient().getContractEvents({
        ...contract,
        eventName: eventName as never,
        fromBlock: from,
        toBlock: last < toBlock ? last : toBlock,
        strict: true,
      })),
    );
  }
  return found as GetContractEventsReturnType<A, N, true>;
}
