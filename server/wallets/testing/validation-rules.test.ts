import { keccak256, parseEther } from "viem";
import { concatHex, pad, toHex } from "viem/utils";
import { describe, expect, it } from "vitest";
import { ENTRY_POINT_ADDRESS } from "#core/user-operation.ts";
import { findBrokenRules } from "./validation-rules.ts";
import type { Entities, PhaseTrace } from "./validation-trace.ts";

const SENDER = `0x${"aa".repeat(20)}` as const;
const PAYMASTER = `0x${"bb".repeat(20)}` as const;
const FACTORY = `0x${"cc".repeat(20)}` as const;
const TOKEN = `0x${"dd".repeat(20)}` as const;
const ENTRY_POINT = ENTRY_POINT_ADDRESS.toLowerCase() as `0x${string}`;
const SELECTORS = { factory: "0x570e1a36", account: "0x19822f7c", paymaster: "0x52b7512c" } as const;
const HASHED = concatHex([pad(SENDER), pad("0x03")]);
const OF_SENDER = toHex(BigInt(keccak256(HASHED)) + 7n, { size: 32 });
const ANY_SLOT = toHex(5n, { size: 32 });
const STAKED = { wei: parseEther("1"), unstakeDelaySeconds: 86_400 };

function broken(role: keyof typeof SELECTORS, changes: Partial<PhaseTrace>, more: Partial<Entities> = {}): string[] {
  const phase: PhaseTrace = {
    selector: SELECTORS[role],
    target: role === "paymaster" ? PAYMASTER : SENDER,
    opcodes: { PUSH1: 3, SLOAD: 1 },
    afterGas: [],
    storage: [],
    calls: [],
    codeReads: [],
    ranOutOfGas: false,
    gasUsed: 1,
    ...changes,
  };
  const entities = { sender: SENDER, factory: null, paymaster: PAYMASTER, stakes: new Map(), ...more };
  return findBrokenRules({ phases: [phase], hashed: [HASHED] }, entities).map((rule) => rule.slice(0, 7));
}

const call = { opcode: "CALL", from: SENDER, to: TOKEN, value: "0x0", data: "0x12345678", codeSize: 10 } as const;
const read = { address: TOKEN, slot: ANY_SLOT, isWrite: false } as const;
const staked = { stakes: new Map([[PAYMASTER, STAKED]]) };

const CASES: [string, keyof typeof SELECTORS, Partial<PhaseTrace>, string][] = [
  ["the time", "account", { opcodes: { TIMESTAMP: 1 } }, "OP-011:"],
  ["gas that is looked at", "account", { afterGas: ["GT"] }, "OP-012:"],
  ["an opcode nobody defined", "account", { opcodes: { "opcode 0x0c": 1 } }, "OP-013:"],
  ["running out of gas", "account", { ranOutOfGas: true }, "OP-020:"],
  ["a contract made by an account", "account", { opcodes: { CREATE2: 1 } }, "OP-031:"],
  ["two made by a factory", "factory", { opcodes: { CREATE2: 2 } }, "OP-031:"],
  ["an address without code", "account", { calls: [{ ...call, codeSize: 0 }] }, "OP-041:"],
  [
    "a precompile that is none",
    "account",
    { calls: [{ ...call, to: pad("0x0a", { size: 20 }), codeSize: 0 }] },
    "OP-041:",
  ],
  ["the entry point's function", "account", { calls: [{ ...call, to: ENTRY_POINT }] }, "OP-054:"],
  ["ether that leaves", "account", { calls: [{ ...call, value: "0x1" }] }, "OP-061:"],
  ["a balance", "paymaster", { opcodes: { SELFBALANCE: 1 } }, "OP-080:"],
  ["storage of its own", "paymaster", { storage: [{ ...read, address: PAYMASTER }] }, "STO-031"],
  ["storage of others", "account", { storage: [read] }, "STO-033"],
];

describe("the judge of validations", () => {
  it("finds nothing in a harmless one", () => {
    expect(broken("account", { afterGas: ["STATICCALL"], calls: [call] })).toEqual([]);
  });

  it.each(CASES)("finds %s", (_, role, changes, rule) => {
    expect(broken(role, changes)).toEqual([rule]);
  });

  it("lets the entry point be paid, precompiles be called and accounts use what is theirs elsewhere", () => {
    const calls = [
      { ...call, to: ENTRY_POINT, data: "0x" as const, value: "0x1" as const },
      { ...call, to: pad("0x0100", { size: 20 }), codeSize: 0 },
    ];
    expect(broken("account", { calls, storage: [{ ...read, slot: OF_SENDER, isWrite: true }] })).toEqual([]);
  });

  it("wants a staked factory where an account that is not there yet uses what is theirs elsewhere", () => {
    const storage = [{ ...read, slot: OF_SENDER }];
    expect(broken("account", { storage }, { factory: FACTORY })).toEqual(["STO-022"]);
    expect(broken("account", { storage }, { factory: FACTORY, stakes: new Map([[FACTORY, STAKED]]) })).toEqual([]);
  });

  it("gives a staked paymaster its own storage, a look at others' and no more", () => {
    const own = { ...read, address: PAYMASTER, isWrite: true };
    expect(broken("paymaster", { opcodes: { BALANCE: 1 }, storage: [own, read] }, staked)).toEqual([]);
    expect(broken("paymaster", { storage: [{ ...read, isWrite: true }] }, staked)).toEqual(["STO-033"]);
    expect(broken("paymaster", { opcodes: { NUMBER: 1 } }, staked)).toEqual(["OP-011:"]);
  });

  it("counts no stake that may leave within a day", () => {
    const stakes = new Map([[PAYMASTER, { ...STAKED, unstakeDelaySeconds: 3_600 }]]);
    expect(broken("paymaster", { storage: [{ ...read, address: PAYMASTER }] }, { stakes })).toEqual(["STO-031"]);
  });
});
