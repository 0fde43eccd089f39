import fc from "fast-check";
import { type Address, type Hex, parseAbi } from "viem";
import { concatHex, encodeFunctionData, getAddress, toHex } from "viem/utils";
import { describe, expect, it } from "vitest";
import { ENTRY_POINT_ADDRESS } from "../user-operation.ts";
import { evaluatePolicy } from "./evaluate-policy.ts";
import { type Call, decodeExecution, decodeSpend, encodeExecution } from "./execution.ts";
import {
  type AgentPolicy,
  agentPolicySchema,
  hashPolicy,
  isPolicyWithin,
  type PolicyRule,
  policyToJson,
} from "./policy.ts";

const ERC20 = parseAbi([
  "function transfer(address to, uint256 amount)",
  "function approve(address spender, uint256 amount)",
  "function increaseAllowance(address spender, uint256 amount)",
  "function transferFrom(address from, address to, uint256 amount)",
]);
const at = (n: number): Address => getAddress(toHex(n + 1, { size: 20 }));
const [TOKEN, OTHER, ACCOUNT, KEY] = [at(100), at(101), at(102), at(103)];
const NOW = 1_800_000_000;
const MODEL = toHex(7, { size: 32 });

const SPENDERS = ["transfer", "approve", "increaseAllowance"] as const;
const spend = (name: (typeof SPENDERS)[number] | "transferFrom", to: Address, amount: bigint): Hex =>
  name === "transferFrom"
    ? encodeFunctionData({ abi: ERC20, functionName: name, args: [to, ACCOUNT, amount] })
    : encodeFunctionData({ abi: ERC20, functionName: name, args: [to, amount] });
const selectorFor = (name: Parameters<typeof spend>[0]) => spend(name, at(0), 0n).slice(0, 10) as Hex;

const policyOf = (change: Partial<AgentPolicy> = {}): AgentPolicy => ({
  validAfter: 0,
  validUntil: NOW + 3600,
  token: TOKEN,
  perTransactionCap: 100n,
  windowCap: 250n,
  windowSeconds: 3600,
  rules: [...SPENDERS, "transferFrom" as const].map((name) => ({
    target: TOKEN,
    selector: selectorFor(name),
    counterparty: at(1),
    proof: null,
  })),
  ...change,
});
const call = (data: Hex, target: Address = TOKEN, value = 0n): Call => ({ target, value, data });
const judge = (policy: AgentPolicy, calls: Call[], spentInWindow = 0n, inferenceIds: Hex[] = []) =>
  evaluatePolicy(policy, { key: KEY, calls, inferenceIds }, { account: ACCOUNT, paused: false, spentInWindow }, NOW);
const ruleOf = (verdict: ReturnType<typeof judge>) => (verdict.allowed ? "allowed" : verdict.rule);

const amounts = fc.bigInt({ min: 0n, max: 150n });
const names = fc.constantFrom(...SPENDERS, "transferFrom" as const);
const bytes = (minLength: number, maxLength: number) =>
  fc.uint8Array({ minLength, maxLength }).map((array) => toHex(array));

describe("evaluating a policy", () => {
  it("allows exactly what fits both caps, whichever way the money is spent", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(names, amounts), { minLength: 1, maxLength: 4 }),
        fc.bigInt({ min: 0n, max: 300n }),
        (spends, before) => {
          const sum = spends.reduce((total, [, amount]) => total + amount, 0n);
          const verdict = judge(
            policyOf(),
            spends.map(([name, amount]) => call(spend(name, at(1), amount))),
            before,
          );
          expect(verdict.allowed).toBe(sum <= 100n && before + sum <= 250n);
          if (verdict.allowed) expect(verdict.spent).toBe(sum);
        },
      ),
    );
  });

  it("denies every call that no rule names, however its bytes look", () => {
    fc.assert(
      fc.property(bytes(0, 100), fc.constantFrom(TOKEN, OTHER, ACCOUNT, ENTRY_POINT_ADDRESS), (data, target) => {
        const verdict = judge(
          policyOf({ rules: [{ target: at(50), selector: "0x12345678", counterparty: null, proof: null }] }),
          [call(data, target)],
        );
        expect(verdict.allowed).toBe(false);
      }),
    );
  });

  it("holds the counterparty to the whole first word", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3 }), fc.boolean(), (who, isDirty) => {
        const clean = spend("transfer", at(who), 1n);
        const data = isDirty ? (`${clean.slice(0, 10)}01${clean.slice(12)}` as Hex) : clean;
        expect(judge(policyOf(), [call(data)]).allowed).toBe(who === 1 && !isDirty);
      }),
    );
  });

  it.each([
    ["an empty batch", policyOf(), [], "empty-batch"],
    ["native currency", policyOf(), [call(spend("transfer", at(1), 1n), TOKEN, 1n)], "value"],
    ["the account itself", policyOf(), [call("0x8456cb59", ACCOUNT)], "own-account"],
    ["the entry point", policyOf(), [call("0x8456cb59", ENTRY_POINT_ADDRESS)], "entry-point"],
    [
      "another token",
      policyOf({ rules: [{ target: OTHER, selector: selectorFor("transfer"), counterparty: null, proof: null }] }),
      [call(spend("transfer", at(1), 1n), OTHER)],
      "other-token",
    ],
    ["a cut amount", policyOf(), [call(spend("transfer", at(1), 1n).slice(0, -2) as Hex)], "malformed-call"],
    ["an expired policy", policyOf({ validUntil: NOW - 1 }), [call(spend("transfer", at(1), 1n))], "expired"],
    ["a policy that starts now", policyOf({ validAfter: NOW }), [call(spend("transfer", at(1), 1n))], "not-yet-valid"],
  ])("denies %s", (_, policy, calls, rule) => {
    expect(ruleOf(judge(policy, calls))).toBe(rule);
  });

  it("wants a proof where the first matching rule wants one, and only there", () => {
    const proof = { modelId: MODEL, outputMin: 1n, maxAgeSeconds: 60 };
    const gate: PolicyRule = { target: TOKEN, selector: selectorFor("transfer"), counterparty: at(1), proof };
    const open: PolicyRule = { ...gate, counterparty: null, proof: null };
    const calls = [call(spend("transfer", at(1), 1n))];
    expect(ruleOf(judge(policyOf({ rules: [gate, open] }), calls))).toBe("proof-required");
    expect(ruleOf(judge(policyOf({ rules: [gate, open] }), calls, 0n, [toHex(0, { size: 32 })]))).toBe(
      "proof-required",
    );
    expect(ruleOf(judge(policyOf({ rules: [gate, open] }), calls, 0n, [MODEL]))).toBe("allowed");
    expect(ruleOf(judge(policyOf({ rules: [open, gate] }), calls))).toBe("allowed");
    expect(ruleOf(judge(policyOf({ rules: [gate] }), calls, 0n, [MODEL, MODEL]))).toBe("inferences-mismatch");
  });
});

describe("reading an execution", () => {
  const calls = fc.array(
    fc.record({
      target: fc.integer({ min: 0, max: 200 }).map(at),
      value: fc.bigInt({ min: 0n, max: 9n }),
      data: bytes(0, 80),
    }),
    { maxLength: 4 },
  );
  const ids = fc.array(bytes(32, 32), { maxLength: 4 });

  it("gives back what was encoded", () => {
    fc.assert(
      fc.property(calls, ids, (given, inferenceIds) => {
        const execution = { key: KEY, calls: given, inferenceIds };
        expect(decodeExecution(encodeExecution(execution))).toEqual(execution);
      }),
    );
  });

  it("refuses bytes that are not the one encoding of what they say", () => {
    fc.assert(
      fc.property(calls, bytes(1, 40), fc.nat(), (given, noise, position) => {
        const data = encodeExecution({ key: KEY, calls: given, inferenceIds: [] });
        expect(() => decodeExecution(concatHex([data, noise]))).toThrow();
        const spot = 10 + (position % (data.length - 10));
        const flipped = `${data.slice(0, spot)}${data[spot] === "f" ? "0" : "f"}${data.slice(spot + 1)}` as Hex;
        // A changed byte is refused or read as what it now says, never as what was meant.
        try {
          expect(encodeExecution(decodeExecution(flipped))).toBe(flipped);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
    );
  });

  it("counts an allowance like a transfer", () => {
    for (const name of [...SPENDERS, "transferFrom" as const])
      expect(decodeSpend(call(spend(name, at(1), 42n)))).toBe(42n);
    expect(decodeSpend(call("0x8456cb59"))).toBeNull();
  });
});

describe("narrowing a policy", () => {
  const rule = fc.record({
    target: fc.constant(TOKEN),
    selector: fc.constantFrom(selectorFor("transfer"), selectorFor("approve")),
    counterparty: fc.constantFrom(null, at(1), at(2)),
    proof: fc.constantFrom(
      null,
      { modelId: MODEL, outputMin: 5n, maxAgeSeconds: 60 },
      { modelId: MODEL, outputMin: 9n, maxAgeSeconds: 30 },
    ),
  });
  const policy = fc
    .record({
      perTransactionCap: fc.constantFrom(50n, 100n),
      windowCap: fc.constantFrom(100n, 250n),
      windowSeconds: fc.constantFrom(3600, 7200),
      rules: fc.array(rule, { minLength: 1, maxLength: 3 }),
    })
    .map((change) => policyOf(change));
  const someCall = fc
    .tuple(
      fc.constant(TOKEN),
      fc.constantFrom("transfer" as const, "approve" as const),
      fc.constantFrom(at(1), at(2)),
      amounts,
    )
    .map(([target, name, to, amount]) => call(spend(name, to, amount), target));

  it("never lets through what the wider one denies", () => {
    let compared = 0;
    fc.assert(
      fc.property(
        policy,
        policy,
        fc.array(rule, { minLength: 1, maxLength: 2 }),
        someCall,
        fc.boolean(),
        (outer, other, rules, item, hasProof) => {
          for (const inner of [other, { ...outer, rules }, { ...outer, rules: outer.rules.slice(1) }]) {
            const proofs = hasProof ? [MODEL] : [];
            if (!isPolicyWithin(inner, outer) || !judge(inner, [item], 0n, proofs).allowed) continue;
            compared++;
            expect(judge(outer, [item], 0n, proofs).allowed).toBe(true);
          }
        },
      ),
      { numRuns: 2_000 },
    );
    expect(compared).toBeGreaterThan(20);
  });

  it("takes the same policy, and JSON does not change it", () => {
    fc.assert(
      fc.property(policy, (given) => {
        const read = agentPolicySchema.parse(JSON.parse(JSON.stringify(policyToJson(given))));
        expect(read).toEqual(given);
        expect(hashPolicy(read)).toBe(hashPolicy(given));
      }),
    );
  });
});
