import { type Hex, keccak256, parseEther } from "viem";
import { pad, toFunctionSelector } from "viem/utils";
import { ENTRY_POINT_ADDRESS } from "#core/user-operation.ts";
import type { Entities, PhaseTrace, ValidationTrace } from "./validation-trace.ts";

type Role = "factory" | "account" | "paymaster";
type Phase = PhaseTrace & { role: Role; address: string; isStaked: boolean };

/** The canonical mempool's; the stake's worth is for each chain to say, and this is ours of development. */
const MIN_STAKE = parseEther("1");
const MIN_UNSTAKE_DELAY_SECONDS = 86_400;
const ROLES: Readonly<Record<string, Role>> = {
  "0x570e1a36": "factory",
  [toFunctionSelector(
    "validateUserOp((address,uint256,bytes,bytes,bytes32,uint256,bytes32,bytes,bytes),bytes32,uint256)",
  )]: "account",
  [toFunctionSelector(
    "validatePaymasterUserOp((address,uint256,bytes,bytes,bytes32,uint256,bytes32,bytes,bytes),bytes32,uint256)",
  )]: "paymaster",
};
const DEPOSIT_TO = toFunctionSelector("depositTo(address)");
const ENTRY_POINT = ENTRY_POINT_ADDRESS.toLowerCase();

const ENVIRONMENT =
  "ORIGIN GASPRICE BLOCKHASH COINBASE TIMESTAMP NUMBER PREVRANDAO DIFFICULTY GASLIMIT BASEFEE BLOBHASH BLOBBASEFEE CREATE INVALID SELFDESTRUCT".split(
    " ",
  );
const ASSIGNED =
  /^(STOP|ADD|MUL|SUB|S?DIV|S?MOD|ADDMOD|MULMOD|EXP|SIGNEXTEND|S?LT|S?GT|EQ|ISZERO|AND|OR|XOR|NOT|BYTE|SHL|SHR|SAR|CLZ|KECCAK256|ADDRESS|BALANCE|ORIGIN|CALLER|CALLVALUE|CALLDATA(LOAD|SIZE|COPY)|CODE(SIZE|COPY)|GASPRICE|EXTCODE(SIZE|COPY|HASH)|RETURNDATA(SIZE|COPY)|BLOCKHASH|COINBASE|TIMESTAMP|NUMBER|PREVRANDAO|DIFFICULTY|GASLIMIT|CHAINID|SELFBALANCE|BASEFEE|BLOBHASH|BLOBBASEFEE|POP|MLOAD|MSTORE8?|[ST]LOAD|[ST]STORE|JUMP|JUMPI|PC|MSIZE|GAS|JUMPDEST|MCOPY|PUSH\d+|DUP\d+|SWAP\d+|LOG[0-4]|CREATE2?|CALL(CODE)?|RETURN|DELEGATECALL|STATICCALL|REVERT|INVALID|SELFDESTRUCT)$/;

/** The core precompiles, and P-256 (RIP-7212), which the chains have that we are for. */
function isPrecompile(address: string): boolean {
  const number = BigInt(address);
  return (number >= 1n && number <= 9n) || number === 0x100n;
}

/**
 * Judges what an operation's validation did by ERC-7562, as a bundler of the public mempool does before it takes the
 * operation: OP-011, 012, 013, 020, 031, 041, 042, 051 to 054, 061, 062, 070, 080 and STO-010 to 033. Returns a
 * sentence for each broken rule, its name first.
 */
export function findBrokenRules({ phases, hashed }: ValidationTrace, entities: Entities): string[] {
  const known = phases.flatMap((phase): Phase[] => {
    const role = ROLES[phase.selector];
    if (!role) return [];
    const { factory } = entities;
    // The creator of senders stands between the entry point and a factory.
    const address = (role === "factory" && factory ? factory : phase.target).toLowerCase();
    return [{ ...phase, role, address, isStaked: isStaked(entities, address) }];
  });
  const broken = known.flatMap((phase) => [
    ...brokenByOpcodes(phase),
    ...brokenByCodeAccess(phase, entities),
    ...brokenByCalls(phase, entities),
    ...brokenByStorage(phase, entities, hashed),
  ]);
  return [...new Set(broken)];
}

function isStaked({ stakes }: Entities, address: string): boolean {
  const known = stakes.get(address);
  return known !== undefined && known.wei >= MIN_STAKE && known.unstakeDelaySeconds >= MIN_UNSTAKE_DELAY_SECONDS;
}

function brokenByOpcodes({ role, opcodes, afterGas, ranOutOfGas, isStaked: staked }: Phase): string[] {
  const used = Object.keys(opcodes);
  const creations = opcodes.CREATE2 ?? 0;
  return [
    ...used.filter((opcode) => ENVIRONMENT.includes(opcode)).map((opcode) => `OP-011: the ${role} uses ${opcode}`),
    ...afterGas
      .filter((next) => !next.endsWith("CALL"))
      .map((next) => `OP-012: the ${role} uses GAS before ${next} instead of a call`),
    ...used.filter((opcode) => !ASSIGNED.test(opcode)).map((opcode) => `OP-013: the ${role} uses ${opcode}`),
    ...(ranOutOfGas ? [`OP-020: the ${role} runs out of gas`] : []),
    ...(creations > (role === "factory" ? 1 : 0) ? [`OP-031: the ${role} creates ${creations} contracts`] : []),
    ...used
      .filter((opcode) => opcode.endsWith("BALANCE") && !staked)
      .map((opcode) => `OP-080: the ${role} uses ${opcode} without a stake`),
  ];
}

/** Calls and EXTCODE… of addresses without code, and looks at the entry point's code. */
function brokenByCodeAccess({ role, calls, codeReads }: Phase, { sender }: Entities): string[] {
  const reads = codeReads.map(({ opcode, address, codeSize, next }) => ({ opcode, to: address, codeSize, next }));
  const empty = [...calls, ...reads].filter(
    ({ to, codeSize }) => codeSize === 0 && !isPrecompile(to) && to !== sender.toLowerCase(),
  );
  const looks = reads.filter(
    ({ to, opcode, next }) => to === ENTRY_POINT && !(opcode === "EXTCODESIZE" && next === "ISZERO"),
  );
  return [
    ...empty.map(({ opcode, to }) => `OP-041: the ${role} uses ${opcode} on ${to}, which has no code`),
    ...looks.map(({ opcode }) => `OP-054: the ${role} uses ${opcode} on the entry point`),
  ];
}

function brokenByCalls({ role, calls }: Phase, { sender }: Entities): string[] {
  return calls.flatMap(({ to, from, data, value }) => {
    if (to !== ENTRY_POINT) return BigInt(value) === 0n ? [] : [`OP-061: the ${role} sends ether to ${to}`];
    const isDeposit = role !== "paymaster" && data.startsWith(DEPOSIT_TO);
    const isPrefund = data === "0x" && from === sender.toLowerCase();
    return isDeposit || isPrefund ? [] : [`OP-054: the ${role} calls the entry point (${data.slice(0, 10)})`];
  });
}

/** Whether a slot is the address itself or at keccak(address ‖ x) + n with n up to 128. */
function isAssociated(slot: Hex, address: string, hashed: readonly Hex[]): boolean {
  const word = pad(address as Hex);
  if (slot === word) return true;
  return hashed.some((preimage) => {
    if (preimage.length !== 130 || !preimage.startsWith(word)) return false;
    const offset = BigInt(slot) - BigInt(keccak256(preimage));
    return offset >= 0n && offset <= 128n;
  });
}

/** Transient storage (OP-070) is among it. */
function brokenByStorage(phase: Phase, entities: Entities, hashed: readonly Hex[]): string[] {
  const { role, address: self, isStaked: staked } = phase;
  const sender = entities.sender.toLowerCase();
  const others = [entities.factory, entities.paymaster].map((one) => one?.toLowerCase());
  return phase.storage.flatMap(({ address, slot, isWrite }) => {
    if (address === sender) return [];
    const what = `${isWrite ? "writes" : "reads"} ${address} ${slot}`;
    if (isAssociated(slot, sender, hashed) && address !== self) {
      if (!entities.factory || isStaked(entities, entities.factory.toLowerCase())) return [];
      return [`STO-022: the ${role} ${what} of the account, whose factory has no stake`];
    }
    if (address === self) return staked ? [] : [`STO-031: the ${role} ${what}, its own, without a stake`];
    const isOthers = others.includes(address);
    if (!isOthers && isAssociated(slot, self, hashed))
      return staked ? [] : [`STO-032: the ${role} ${what}, associated with it, without a stake`];
    if (!isOthers && !isWrite && staked) return [];
    return [`STO-033: the ${role} ${what}`];
  });
}
