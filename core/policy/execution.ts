import { type Address, type Hex, parseAbi } from "viem";
import { decodeFunctionData, encodeFunctionData, getAddress, hexToBigInt, size, slice } from "viem/utils";
import { DomainError } from "../errors.ts";

export type Call = { target: Address; value: bigint; data: Hex };

/** What an agent key asks of its account: a batch of calls and, none or one a call, the proved inference it uses up. */
export type Execution = { key: Address; calls: readonly Call[]; inferenceIds: readonly Hex[] };

const EXECUTION_ABI = parseAbi([
  "struct Call { address target; uint256 value; bytes data; }",
  "function executeAsAgent(address key, Call[] calls, bytes32[] inferenceIds)",
]);

export function encodeExecution(execution: Execution): Hex {
  return encodeFunctionData({
    abi: EXECUTION_ABI,
    functionName: "executeAsAgent",
    args: [execution.key, execution.calls, execution.inferenceIds],
  });
}

/**
 * Reads a batch from the exact bytes that would be signed.
 *
 * Bytes that do not encode back to themselves are refused: offsets that overlap or run past their neighbours are how
 * a batch shows one thing to one reader and another to the next.
 */
export function decodeExecution(callData: Hex): Execution {
  const refuse = (cause?: unknown) => new DomainError("CALLDATA_INVALID", { param: "callData" }, { cause });
  let execution: Execution;
  try {
    const { args } = decodeFunctionData({ abi: EXECUTION_ABI, data: callData });
    execution = { key: args[0], calls: args[1], inferenceIds: args[2] };
  } catch (cause) {
    throw refuse(cause);
  }
  if (encodeExecution(execution) !== callData.toLowerCase()) throw refuse();
  return execution;
}

/** Functions that move the account's tokens or let somebody else move them, and where their amount lies. */
const SPENDING_AMOUNT_WORD: Readonly<Record<Hex, number>> = {
  "0xa9059cbb": 1, // transfer(address,uint256)
  "0x095ea7b3": 1, // approve(address,uint256)
  "0x39509351": 1, // increaseAllowance(address,uint256)
  "0x1296ee62": 1, // transferAndCall(address,uint256)
  "0x4000aea0": 1, // transferAndCall(address,uint256,bytes)
  "0x3177029f": 1, // approveAndCall(address,uint256)
  "0xcae9ca51": 1, // approveAndCall(address,uint256,bytes)
  "0x23b872dd": 2, // transferFrom(address,address,uint256)
  "0xd8fbe994": 2, // transferFromAndCall(address,address,uint256)
  "0xc1d34b89": 2, // transferFromAndCall(address,address,uint256,bytes)
};

export const selectorOf = (call: Call): Hex =>
  size(call.data) >= 4 ? (slice(call.data, 0, 4).toLowerCase() as Hex) : "0x";

function wordAt(data: Hex, index: number): Hex | null {
  const start = 4 + 32 * index;
  return size(data) >= start + 32 ? slice(data, start, start + 32) : null;
}

/** The first argument of a call, when it is an address; a counterparty rule compares it. */
export function firstArgumentAddress(call: Call): Address | null {
  const word = wordAt(call.data, 0);
  if (!word || BigInt(slice(word, 0, 12)) !== 0n) return null;
  return getAddress(slice(word, 12, 32));
}

/** The amount a call spends, null when it does not spend, "malformed" when its amount cannot be read. */
export function decodeSpend(call: Call): bigint | "malformed" | null {
  const word = SPENDING_AMOUNT_WORD[selectorOf(call)];
  if (word === undefined) return null;
  const amount = wordAt(call.data, word);
  return amount ? hexToBigInt(amount) : "malformed";
}
