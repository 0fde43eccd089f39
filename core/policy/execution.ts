import { type Address, type Hex, parseAbi } from "viem";
import { decodeFunctionData, encodeFunctionData } from "viem/utils";
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
