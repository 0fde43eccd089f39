import { type Abi, type Address, type Hex, type Log, TransactionReceiptNotFoundError } from "viem";
import { decodeEventLog, getAddress, isAddressEqual } from "viem/utils";
import {
  agentAccountAbi,
  entryPointAbi,
  gasSponsorAbi,
  inferenceRegistryAbi,
  testUsdAbi,
  uniswapV2PairAbi,
  vaultAbi,
} from "#core/generated/abis.ts";
import { ENTRY_POINT_ADDRESS } from "#core/user-operation.ts";
import { publicClient } from "./client.ts";

export type NamedEvent = { address: Address; name: string; values: { name: string; value: string }[] };
export type Movement = { token: Address; from: Address; to: Address; amount: bigint };
export type OperationOutcome = { sender: Address; movements: Movement[]; events: NamedEvent[] };

type MinedLog = Log<bigint, number, false>;

/** A token's transfer and a pool's look alike by their name: tokens are read first. */
const ABIS: readonly Abi[] = [
  testUsdAbi,
  agentAccountAbi,
  gasSponsorAbi,
  vaultAbi,
  inferenceRegistryAbi,
  uniswapV2PairAbi,
];

const asText = (value: unknown): string => (Array.isArray(value) ? `[${value.map(asText).join(", ")}]` : String(value));

/** Names an event of a contract that is known here; null for any other. */
function nameEvent({ address, topics, data }: MinedLog): NamedEvent | null {
  for (const abi of ABIS) {
    try {
      const { eventName, args } = decodeEventLog({ abi, topics, data, strict: true });
      const values = Object.entries(args ?? {}).map(([name, value]) => ({ name, value: asText(value) }));
      if (eventName) return { address, name: eventName, values };
    } catch {
      // Of another contract.
    }
  }
  return null;
}

/** The user operation that an event of the entry point ends, or null. */
function endedBy(log: MinedLog): Hex | "validation" | null {
  if (!isAddressEqual(log.address, ENTRY_POINT_ADDRESS)) return null;
  const event = decodeEventLog({ abi: entryPointAbi, topics: log.topics, data: log.data, strict: false });
  if (event.eventName === "BeforeExecution") return "validation";
  return event.eventName === "UserOperationEvent" ? (event.args.userOpHash ?? null) : null;
}

/** The logs of one operation alone: a bundle may carry others, and what validation logged is nobody's doing. */
function logsOf(logs: readonly MinedLog[], operationHash: Hex): MinedLog[] {
  let own: MinedLog[] = [];
  for (const log of logs) {
    const ended = endedBy(log);
    if (ended === operationHash) return own;
    if (ended !== null) own = [];
    else if (!isAddressEqual(log.address, ENTRY_POINT_ADDRESS)) own.push(log);
  }
  return [];
}

/** What an operation did, by the events of its transaction; null when the chain does not have it any more. */
export async function readOutcome(transactionHash: Hex, operationHash: Hex): Promise<OperationOutcome | null> {
  const receipt = await publicClient()
    .getTransactionReceipt({ hash: transactionHash })
    .catch((error: unknown) => {
      if (error instanceof TransactionReceiptNotFoundError) return null;
      throw error;
    });
  if (!receipt) return null;
  const events = logsOf(receipt.logs, operationHash).flatMap((log) => nameEvent(log) ?? []);
  const textOf = ({ values }: NamedEvent, name: string) => values.find((one) => one.name === name)?.value ?? "0";
  const isTransfer = ({ name }: NamedEvent) => name === "Transfer";
  return {
    sender: getAddress(receipt.from),
    movements: events.filter(isTransfer).map((event) => ({
      token: event.address,
      from: textOf(event, "from") as Address,
      to: textOf(event, "to") as Address,
      amount: BigInt(textOf(event, "value")),
    })),
    events: events.filter((event) => !isTransfer(event)),
  };
}
