import type { Address, Hex } from "viem";
import { concatHex, encodeFunctionData, slice, toHex } from "viem/utils";
import { DomainError } from "#core/errors.ts";
import { agentAccountFactoryAbi, entryPointAbi } from "#core/generated/abis.ts";
import {
  ENTRY_POINT_ADDRESS,
  hashUserOperation,
  type PackedUserOperation,
  packPair,
  unpackPair,
} from "#core/user-operation.ts";
import { env } from "#server/env.ts";
import { publicClient } from "./client.ts";
import { loadDeployment } from "./deployments.ts";
import { currentFees } from "./fees.ts";
import { describeRevert, type Revert } from "./reverts.ts";
import { findInnerRevert, type SimulatedCall, simulateCalls } from "./simulate.ts";

/** Room for the check of a passkey, the dearest signature. */
const VERIFICATION_GAS = 250_000n;
const DEPLOYMENT_GAS = 350_000n;
/** The sponsor adds up two windows of 25 buckets and writes to both. */
const SPONSOR_VERIFICATION_GAS = 400_000n;
const SPONSOR_POST_GAS = 100_000n;
const BUNDLE_OVERHEAD_GAS = 120_000n;
/** The sponsor counts an operation as of a time that must be over wherever it is looked at, whoever's clock is slow. */
const COUNTED_BACK_SECONDS = 60n;

/** An operation without its signature, and the hash that is to be signed. */
export type UnsignedOperation = { operation: PackedUserOperation; hash: Hex };

/** The address an owner's account has before and after it is deployed. */
export function accountAddress(owner: Hex, salt: Hex): Promise<Address> {
  const { AgentAccountFactory } = loadDeployment().contracts;
  return publicClient().readContract({
    address: AgentAccountFactory,
    abi: agentAccountFactoryAbi,
    functionName: "getAddress",
    args: [owner, salt],
  });
}

const createAccountData = (owner: Hex, salt: Hex): Hex =>
  encodeFunctionData({ abi: agentAccountFactoryAbi, functionName: "createAccount", args: [owner, salt] });

/** An account as an operation needs it: where it is, and how it is deployed when it is not there yet. */
export type OperatedAccount = { address: Address; owner: Hex; salt: Hex };

export const isDeployed = async (address: Address): Promise<boolean> =>
  (await publicClient().getCode({ address })) !== undefined;

/** What the account's call would do now, sent by the entry point as it will be; deploys the account first when needed. */
export async function simulateExecution(
  account: OperatedAccount,
  callData: Hex,
): Promise<{ ok: true; gasUsed: bigint } | { ok: false; revert: Revert }> {
  const { AgentAccountFactory } = loadDeployment().contracts;
  const calls: SimulatedCall[] = [{ from: ENTRY_POINT_ADDRESS, to: account.address, data: callData }];
  if (!(await isDeployed(account.address))) {
    calls.unshift({
      from: ENTRY_POINT_ADDRESS,
      to: AgentAccountFactory,
      data: createAccountData(account.owner, account.salt),
    });
  }
  const result = (await simulateCalls(calls)).at(-1);
  if (!result) throw new DomainError("CHAIN_UNAVAILABLE");
  return result;
}

/** 16 gas a byte that is set, 4 for a zero: what the operation's bytes cost whoever submits them. */
function calldataGas(data: Hex): bigint {
  let gas = 0n;
  for (let at = 2; at < data.length; at += 2) gas += data.slice(at, at + 2) === "00" ? 4n : 16n;
  return gas;
}

/** The nonce of an account's next operation under a nonce key, as of a block or of the latest one. */
export const nextNonce = (sender: Address, nonceKey: bigint, blockNumber?: bigint): Promise<bigint> =>
  publicClient().readContract({
    address: ENTRY_POINT_ADDRESS,
    abi: entryPointAbi,
    functionName: "getNonce",
    args: [sender, nonceKey],
    ...(blockNumber === undefined ? {} : { blockNumber }),
  });

/** Builds an operation that the gas sponsor pays for, for two days from now; everything but the signature. Throws when the chain would refuse it. */
export async function buildUserOperation(input: {
  account: OperatedAccount;
  nonce: bigint;
  callData: Hex;
}): Promise<UnsignedOperation> {
  const { account, callData, nonce } = input;
  const { AgentAccountFactory, GasSponsor } = loadDeployment().contracts;
  const [deployed, fees, simulated, { timestamp }] = await Promise.all([
    isDeployed(account.address),
    currentFees(),
    simulateExecution(account, callData),
    publicClient().getBlock({ blockTag: "latest" }),
  ]);
  if (!simulated.ok) throw revertedError(simulated.revert);
  const initCode = deployed ? "0x" : concatHex([AgentAccountFactory, createAccountData(account.owner, account.salt)]);
  const operation: PackedUserOperation = {
    sender: account.address,
    nonce,
    initCode,
    callData,
    accountGasLimits: packPair(
      VERIFICATION_GAS + (deployed ? 0n : DEPLOYMENT_GAS),
      (simulated.gasUsed * 13n) / 10n + 30_000n,
    ),
    preVerificationGas: 50_000n + calldataGas(concatHex([initCode, callData])),
    gasFees: packPair(fees.maxPriorityFeePerGas, fees.maxFeePerGas),
    paymasterAndData: concatHex([
      GasSponsor,
      packPair(SPONSOR_VERIFICATION_GAS, SPONSOR_POST_GAS),
      toHex(timestamp - COUNTED_BACK_SECONDS, { size: 6 }),
    ]),
    signature: "0x",
  };
  return { operation, hash: hashUserOperation(operation, env.CHAIN_ID) };
}

export const revertedError = (revert: Revert): DomainError =>
  new DomainError("OPERATION_REVERTED", {
    message: `The chain refuses this operation: ${describeRevert(revert)}. Nothing was sent.`,
    refusedBy: "contract",
    error: revert.name,
    args: revert.args,
  });

/** The transaction that carries one operation, and gas enough that the entry point never runs short. */
export function bundleOf(operation: PackedUserOperation): { to: Address; data: Hex; gas: bigint } {
  const { operator } = loadDeployment();
  const limits = unpackPair(operation.accountGasLimits);
  const sponsor = unpackPair(slice(operation.paymasterAndData, 20, 52));
  const sum = limits.high + limits.low + sponsor.high + sponsor.low + operation.preVerificationGas;
  return {
    to: ENTRY_POINT_ADDRESS,
    data: encodeFunctionData({ abi: entryPointAbi, functionName: "handleOps", args: [[operation], operator] }),
    // Calls pass on at most 63 of 64 parts of what is left.
    gas: (sum * 65n) / 64n + BUNDLE_OVERHEAD_GAS,
  };
}

/** Tries a signed operation without sending it; throws with the contract's own reason when anything in it fails. */
export async function checkSignedOperation(operation: PackedUserOperation): Promise<void> {
  const { operator } = loadDeployment();
  const [result] = await simulateCalls([{ from: operator, ...bundleOf(operation) }]);
  if (!result) throw new DomainError("CHAIN_UNAVAILABLE");
  if (!result.ok) throw revertedError(result.revert);
  const inner = findInnerRevert(result.logs, hashUserOperation(operation, env.CHAIN_ID));
  if (inner) throw revertedError(inner);
}
