import type { Address, Hex } from "viem";
import { encodeFunctionData, size, slice } from "viem/utils";
import { entryPointAbi } from "#core/generated/abis.ts";
import { ENTRY_POINT_ADDRESS, type PackedUserOperation } from "#core/user-operation.ts";
import { publicClient } from "#server/chain/client.ts";

/** What one entity's code did while an operation was validated. Addresses are lower case, slots are whole words. */
export type PhaseTrace = {
  /** The function the entry point called, and the contract it called (for a deployment: its own creator of senders). */
  selector: Hex;
  target: Address;
  /** How often each opcode ran. */
  opcodes: Record<string, number>;
  /** The opcode after each GAS. */
  afterGas: string[];
  storage: { address: Address; slot: Hex; isWrite: boolean }[];
  calls: { opcode: string; from: Address; to: Address; value: Hex; data: Hex; codeSize: number }[];
  /** EXTCODE…, with the opcode that follows. */
  codeReads: { opcode: string; address: Address; codeSize: number; next: string }[];
  ranOutOfGas: boolean;
  gasUsed: number;
};

export type ValidationTrace = {
  phases: PhaseTrace[];
  /** What was hashed: by this a slot is known to belong to somebody. */
  hashed: Hex[];
};

/** Who an operation names, and what each has locked as its stake; the addresses of `stakes` in lower case. */
export type Entities = {
  sender: Address;
  factory: Address | null;
  paymaster: Address | null;
  stakes: ReadonlyMap<string, { wei: bigint; unstakeDelaySeconds: number }>;
};

/** keccak256("BeforeExecution()"): the entry point says so after the last validation. */
const BEFORE_EXECUTION = "bb47ee3e183a558b1a2ff0874b079f3fc5478b7454eacf2bfc5af2ff5878f972";

/**
 * Runs inside the node. Depth 1 is the entry point; what it calls before it says BeforeExecution are the validation phases.
 * The frame of its own SenderCreator (createSender, 0x570e1a36) is left out: the rules are about the factory behind it.
 */
const TRACER = `{
  phases: [], hashed: [], phase: null, isOver: false, afterGas: false, codeRead: null,
  word: function (log, index) { return toHex(toWord(log.stack.peek(index).toString(16))); },
  address: function (log, index) { return toHex(toAddress(log.stack.peek(index).toString(16))); },
  bytes: function (log, offset, length) {
    var from = Number(log.stack.peek(offset).toString());
    var size = Number(log.stack.peek(length).toString());
    return size === 0 ? "0x" : toHex(log.memory.slice(from, from + Math.min(size, 512)));
  },
  open: function (log, opcode) {
    if (opcode !== "CALL" && opcode !== "STATICCALL") return;
    var data = opcode === "CALL" ? this.bytes(log, 3, 4) : this.bytes(log, 2, 3);
    this.phase = { selector: data.slice(0, 10), target: this.address(log, 1), opcodes: {}, afterGas: [], storage: [],
                   calls: [], codeReads: [], ranOutOfGas: false, gasUsed: 0, firstGas: -1 };
    this.phases.push(this.phase);
  },
  step: function (log, db) {
    if (this.isOver) return;
    var opcode = log.op.toString();
    var depth = log.getDepth();
    if (depth === 1) {
      if (opcode === "LOG1" && this.word(log, 2).slice(2) === "${BEFORE_EXECUTION}") { this.isOver = true; return; }
      this.open(log, opcode);
      return;
    }
    var phase = this.phase;
    if (phase.firstGas < 0) phase.firstGas = log.getGas();
    phase.gasUsed = phase.firstGas - log.getGas() + log.getCost();
    if (phase.selector === "0x570e1a36" && depth === 2) return;
    phase.opcodes[opcode] = (phase.opcodes[opcode] || 0) + 1;
    if (log.getGas() < log.getCost()) phase.ranOutOfGas = true;
    if (this.afterGas) phase.afterGas.push(opcode);
    this.afterGas = opcode === "GAS";
    if (this.codeRead) { this.codeRead.next = opcode; this.codeRead = null; }
    var self = toHex(log.contract.getAddress());
    if (opcode === "SLOAD" || opcode === "SSTORE" || opcode === "TLOAD" || opcode === "TSTORE") {
      phase.storage.push({ address: self, slot: this.word(log, 0), isWrite: opcode.slice(1) === "STORE" });
    } else if (opcode === "KECCAK256") {
      this.hashed.push(this.bytes(log, 0, 1));
    } else if (opcode === "CALL" || opcode === "CALLCODE" || opcode === "STATICCALL" || opcode === "DELEGATECALL") {
      var hasValue = opcode === "CALL" || opcode === "CALLCODE";
      phase.calls.push({
        opcode: opcode, from: self, to: this.address(log, 1), value: hasValue ? this.word(log, 2) : "0x0",
        data: hasValue ? this.bytes(log, 3, 4) : this.bytes(log, 2, 3),
        codeSize: db.getCode(toAddress(log.stack.peek(1).toString(16))).length,
      });
    } else if (opcode.slice(0, 7) === "EXTCODE") {
      this.codeRead = { opcode: opcode, address: this.address(log, 0), next: "",
                        codeSize: db.getCode(toAddress(log.stack.peek(0).toString(16))).length };
      phase.codeReads.push(this.codeRead);
    }
  },
  fault: function () { if (this.phase && !this.isOver) this.phase.ranOutOfGas = true; },
  result: function () { return { phases: this.phases, hashed: this.hashed }; },
}`;

/** What the validation of a signed operation does on the newest block, step by step. Nothing is sent. */
export async function traceValidation(operation: PackedUserOperation, beneficiary: Address): Promise<ValidationTrace> {
  const data = encodeFunctionData({
    abi: entryPointAbi,
    functionName: "handleOps",
    args: [[operation], beneficiary],
  });
  return publicClient().request<{ Method: "debug_traceCall"; Parameters: unknown[]; ReturnType: ValidationTrace }>({
    method: "debug_traceCall",
    params: [{ from: beneficiary, to: ENTRY_POINT_ADDRESS, data, gas: "0xf42400" }, "latest", { tracer: TRACER }],
  });
}

export async function readEntities({ sender, initCode, paymasterAndData }: PackedUserOperation): Promise<Entities> {
  const factory = size(initCode) > 0 ? slice(initCode, 0, 20) : null;
  const paymaster = size(paymasterAndData) > 0 ? slice(paymasterAndData, 0, 20) : null;
  const named = [sender, factory, paymaster].filter((address) => address !== null);
  const infos = await Promise.all(
    named.map((address) =>
      publicClient().readContract({
        address: ENTRY_POINT_ADDRESS,
        abi: entryPointAbi,
        functionName: "getDepositInfo",
        args: [address],
      }),
    ),
  );
  const stakes = named.map((address, index) => {
    const info = infos[index];
    // A stake that is being taken out is none.
    const wei = info?.staked ? info.stake : 0n;
    return [address.toLowerCase(), { wei, unstakeDelaySeconds: info?.unstakeDelaySec ?? 0 }] as const;
  });
  return { sender, factory, paymaster, stakes: new Map(stakes) };
}
