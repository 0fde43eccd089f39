import { type Address, encodeFunctionData, type Hex, parseAbi } from "viem";
import { concatHex, getAddress, pad, slice, toHex } from "viem/utils";
import { describe, expect, test } from "vitest";
import { hashApproval } from "../approval.ts";
import { hashUserOperation, type PackedUserOperation } from "../user-operation.ts";
import { evaluatePolicy } from "./evaluate-policy.ts";
import type { Call } from "./execution.ts";
import { firstArgumentIs } from "./language.ts";
import { type AgentPolicy, agentPolicySchema, hashPolicy, type PolicyRule, policyToJson, WRAPPERS } from "./policy.ts";
import { ETHER, PERMIT2 } from "./token-spending.ts";

// Attacks that holders of other wallets suffered, each by the name of its class; docs/attacks.md has all of them and the
// tests of those that are not about the policy's own words.

const at = (n: number): Address => getAddress(toHex(0xa77_000 + n, { size: 20 }));
const [TOKEN, OTHER, SHOP, THIEF, ACCOUNT, KEY] = [at(1), at(2), at(3), at(4), at(5), at(6)];
const NOW = 1_900_000_000;
const ABI = parseAbi([
  "function transfer(address to, uint256 amount)",
  "function approve(address spender, uint256 amount)",
  "function increaseAllowance(address spender, uint256 amount)",
  "function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s)",
]);
const PERMIT2_ABI = parseAbi(["function approve(address token, address spender, uint160 amount, uint48 expiration)"]);
const ZERO = toHex(0, { size: 32 });

const call = (target: Address, data: Hex, value = 0n): Call => ({ target, value, data });
const transfer = (to: Address, amount: bigint, token = TOKEN): Call =>
  call(token, encodeFunctionData({ abi: ABI, functionName: "transfer", args: [to, amount] }));
const ruleFor = ({ target, data }: Call, change: Partial<PolicyRule> = {}): PolicyRule => ({
  effect: "allow",
  target,
  selector: slice(data, 0, 4),
  valueMax: 0n,
  conditions: [],
  proof: null,
  ...change,
});
const PAY_SHOP = ruleFor(transfer(SHOP, 0n), { conditions: [firstArgumentIs(SHOP)] });
const policyOf = (change: Partial<AgentPolicy> = {}): AgentPolicy => ({
  validAfter: NOW - 100,
  validUntil: NOW + 100,
  windowSeconds: 3_600,
  gasPerWindow: 0n,
  guards: null,
  caps: [{ token: TOKEN, perTransaction: 100n, perWindow: 250n }],
  rules: [PAY_SHOP],
  ...change,
});

function judge(
  policy: AgentPolicy,
  calls: Call[],
  change: { now?: number; spent?: bigint; paused?: boolean } = {},
): string {
  const state = {
    account: ACCOUNT,
    paused: change.paused ?? false,
    spentInWindow: new Map([[TOKEN, change.spent ?? 0n]]),
  };
  const verdict = evaluatePolicy(policy, { key: KEY, calls, inferenceIds: [] }, state, change.now ?? NOW);
  return verdict.allowed ? "allowed" : verdict.rule;
}

describe("attack: a cumulative cap that never accumulates", () => {
  test("what was spent before counts, to the unit", () => {
    expect(judge(policyOf(), [transfer(SHOP, 100n)], { spent: 150n })).toBe("allowed");
    expect(judge(policyOf(), [transfer(SHOP, 100n)], { spent: 151n })).toBe("window-cap");
    expect(judge(policyOf(), [transfer(SHOP, 60n), transfer(SHOP, 60n)])).toBe("per-transaction-cap");
  });
});

describe("attack: the value counts and the target is free", () => {
  test("a cap alone allows nothing: every call needs a rule that names its target", () => {
    const caps = [...policyOf().caps, { token: ETHER, perTransaction: 10n, perWindow: 10n }];
    expect(judge(policyOf({ caps }), [call(THIEF, "0x", 1n)])).toBe("not-allowed");
    expect(judge(policyOf({ caps }), [transfer(THIEF, 1n)])).toBe("not-allowed");
  });
});

describe("attack: the declared token is not the calldata's token", () => {
  test("what is spent is read from the target and the bytes, and another token has no cap", () => {
    const open = policyOf({ rules: [ruleFor(transfer(SHOP, 0n, OTHER))] });
    expect(judge(open, [transfer(SHOP, 1n, OTHER)])).toBe("other-token");
  });
});

describe("attack: a combination of rules cancels a rule", () => {
  test("a denial stands whatever allows beside it, and cannot be written behind what allows", () => {
    const denied = ruleFor(transfer(SHOP, 0n), { effect: "deny" });
    expect(judge(policyOf({ rules: [denied, PAY_SHOP] }), [transfer(SHOP, 1n)])).toBe("denied");
    const behind = { ...policyToJson(policyOf()), rules: policyToJson(policyOf({ rules: [PAY_SHOP, denied] })).rules };
    expect(agentPolicySchema.safeParse(behind).success).toBe(false);
  });
});

describe("attack: an empty batch passes with no policy", () => {
  test("nothing is no permission", () => {
    expect(judge(policyOf(), [])).toBe("empty-batch");
    expect(judge(policyOf(), [call(TOKEN, "0x")])).toBe("not-allowed");
    expect(judge(policyOf(), [call(TOKEN, "0xa9059c")])).toBe("malformed-call");
  });
});

describe("attack: a grant whose digest leaves a field out", () => {
  test("every field of a policy changes its name", () => {
    const base = policyOf();
    const guards = {
      usd: null,
      hours: [],
      outcome: { lossBpsMax: 1, floors: [] },
      approvals: null,
      purchases: null,
      changes: null,
    };
    const changed: AgentPolicy[] = [
      base,
      { ...base, validAfter: base.validAfter + 1 },
      { ...base, validUntil: base.validUntil + 1 },
      { ...base, windowSeconds: 3_601 },
      { ...base, gasPerWindow: 1n },
      { ...base, guards },
      { ...base, caps: [{ token: OTHER, perTransaction: 100n, perWindow: 250n }] },
      { ...base, caps: [{ token: TOKEN, perTransaction: 101n, perWindow: 250n }] },
      { ...base, caps: [{ token: TOKEN, perTransaction: 100n, perWindow: 251n }] },
      ...[
        { effect: "deny" as const },
        { target: OTHER },
        { selector: "0x11111111" as const },
        { valueMax: 1n },
        { conditions: [firstArgumentIs(THIEF)] },
        { conditions: [] },
        { proof: { modelId: pad("0x01"), outputMin: 1n, maxAgeSeconds: 1 } },
      ].map((change) => ({ ...base, rules: [{ ...PAY_SHOP, ...change }] })),
    ];
    expect(new Set(changed.map(hashPolicy)).size).toBe(changed.length);
  });
});

describe("attack: a signature replayed on another chain, entry point, account or nonce", () => {
  test("each of them is in what is signed, and in what is approved", () => {
    const operation: PackedUserOperation = {
      sender: ACCOUNT,
      nonce: 7n,
      initCode: "0x",
      callData: "0x1234",
      accountGasLimits: ZERO,
      preVerificationGas: 1n,
      gasFees: ZERO,
      paymasterAndData: "0x",
      signature: "0x",
    };
    const hashes = [
      hashUserOperation(operation, 1),
      hashUserOperation(operation, 2),
      hashUserOperation(operation, 1, at(9)),
      hashUserOperation({ ...operation, sender: THIEF }, 1),
      hashUserOperation({ ...operation, nonce: 7n + 2n ** 64n }, 1),
      hashUserOperation({ ...operation, callData: "0x1235" }, 1),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
    const approved = { chainId: 1, account: ACCOUNT, userOperationHash: hashes[0] ?? "0x", callDataHash: ZERO };
    const approvals = [
      approved,
      { ...approved, chainId: 2 },
      { ...approved, account: THIEF },
      { ...approved, userOperationHash: hashes[1] ?? "0x" },
      { ...approved, callDataHash: pad("0x01") },
    ].map(hashApproval);
    expect(new Set(approvals).size).toBe(approvals.length);
  });
});

describe("attack: validity windows that are not intersected", () => {
  test("it works strictly after the first time and up to the last", () => {
    const pay = [transfer(SHOP, 1n)];
    expect(judge(policyOf(), pay, { now: NOW - 100 })).toBe("not-yet-valid");
    expect(judge(policyOf(), pay, { now: NOW - 99 })).toBe("allowed");
    expect(judge(policyOf(), pay, { now: NOW + 100 })).toBe("allowed");
    expect(judge(policyOf(), pay, { now: NOW + 101 })).toBe("expired");
  });
});

describe("attack: approve, increaseAllowance, permit and Permit2 as hidden transfers", () => {
  const approve = (amount: bigint) =>
    call(TOKEN, encodeFunctionData({ abi: ABI, functionName: "approve", args: [THIEF, amount] }));
  const increase = (amount: bigint) =>
    call(TOKEN, encodeFunctionData({ abi: ABI, functionName: "increaseAllowance", args: [THIEF, amount] }));
  const permit = (amount: bigint) =>
    call(
      TOKEN,
      encodeFunctionData({ abi: ABI, functionName: "permit", args: [ACCOUNT, THIEF, amount, 1n, 27, ZERO, ZERO] }),
    );
  const permit2 = (amount: bigint) =>
    call(PERMIT2, encodeFunctionData({ abi: PERMIT2_ABI, functionName: "approve", args: [TOKEN, THIEF, amount, 1] }));

  test.each([
    ["approve", approve],
    ["increaseAllowance", increase],
    ["permit", permit],
    ["Permit2", permit2],
    ["transfer", (amount: bigint) => transfer(THIEF, amount)],
  ])("%s counts as what it gives away", (_, make) => {
    const policy = policyOf({ rules: [ruleFor(make(0n))] });
    expect(judge(policy, [make(100n)])).toBe("allowed");
    expect(judge(policy, [make(101n)])).toBe("per-transaction-cap");
    expect(judge(policy, [make(100n)], { spent: 151n })).toBe("window-cap");
  });
});

describe("attack: multicall, multiSend, nested operations and delegatecall around the policy", () => {
  test("a rule for a function that makes other calls is refused, and so is the call", () => {
    for (const selector of Object.keys(WRAPPERS) as Hex[]) {
      const wrapped = call(SHOP, concatHex([selector, ZERO]));
      expect(judge(policyOf({ rules: [ruleFor(wrapped)] }), [wrapped])).toBe("wrapper");
      const json = policyToJson(policyOf({ rules: [ruleFor(wrapped)] }));
      expect(agentPolicySchema.safeParse(json).success).toBe(false);
    }
    expect(judge(policyOf({ rules: [ruleFor(transfer(SHOP, 0n, ACCOUNT))] }), [transfer(SHOP, 1n, ACCOUNT)])).toBe(
      "own-account",
    );
  });
});

describe("attack: a batch parser that reads neighbouring calldata", () => {
  test("arguments that are not there allow nothing, and are caught by a denial", () => {
    const short = call(TOKEN, slice(transfer(SHOP, 1n).data, 0, 36));
    expect(judge(policyOf(), [short])).toBe("malformed-call");
    const cut = call(TOKEN, slice(transfer(SHOP, 1n).data, 0, 20));
    expect(judge(policyOf(), [cut])).toBe("not-allowed");
    const denial = ruleFor(cut, { effect: "deny", conditions: [firstArgumentIs(THIEF)] });
    expect(judge(policyOf({ rules: [denial, ruleFor(cut)] }), [cut])).toBe("denied");
  });
});

describe("attack: a key that goes on after its owner stopped it", () => {
  test("a pause denies everything", () => {
    expect(judge(policyOf(), [transfer(SHOP, 1n)], { paused: true })).toBe("paused");
  });
});
