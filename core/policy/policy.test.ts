import fc from "fast-check";
import { type Address, type Hex, parseAbi } from "viem";
import { concatHex, encodeFunctionData, getAddress, pad, toHex } from "viem/utils";
import { describe, expect, it } from "vitest";
import { ENTRY_POINT_ADDRESS } from "../user-operation.ts";
import { evaluatePolicy } from "./evaluate-policy.ts";
import { type Call, decodeExecution, encodeExecution } from "./execution.ts";
import { firstArgumentIs } from "./language.ts";
import { type AgentPolicy, agentPolicySchema, hashPolicy, type PolicyRule, policyToJson, WRAPPERS } from "./policy.ts";
import { isPolicyWithin } from "./policy-within.ts";
import { anyCondition, anyPolicy, anyRule, callsFor, inOrder } from "./testing/random-policies.ts";
import { ETHER, PERMIT2, readSpending } from "./token-spending.ts";

const ERC20 = parseAbi([
  "function transfer(address to, uint256 amount)",
  "function approve(address spender, uint256 amount)",
  "function increaseAllowance(address spender, uint256 amount)",
  "function transferFrom(address from, address to, uint256 amount)",
  "function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s)",
]);
const PERMIT2_ABI = parseAbi(["function approve(address token, address spender, uint160 amount, uint48 expiration)"]);
const at = (n: number): Address => getAddress(toHex(n + 1, { size: 20 }));
const [TOKEN, OTHER, ACCOUNT, KEY] = [at(100), at(101), at(102), at(103)];
const NOW = 1_800_000_000;
const MODEL = toHex(7, { size: 32 });
const ZERO = toHex(0, { size: 32 });

const WAYS = ["transfer", "approve", "increaseAllowance", "transferFrom", "permit", "permit2"] as const;
type Way = (typeof WAYS)[number];
const call = (data: Hex, target: Address = TOKEN, value = 0n): Call => ({ target, value, data });

/** Tokens given away by six names. */
function spend(way: Way, to: Address, amount: bigint): Call {
  switch (way) {
    case "transferFrom":
      return call(encodeFunctionData({ abi: ERC20, functionName: way, args: [to, ACCOUNT, amount] }));
    case "permit":
      return call(
        encodeFunctionData({ abi: ERC20, functionName: way, args: [to, ACCOUNT, amount, 1n, 27, ZERO, ZERO] }),
      );
    case "permit2":
      return call(
        encodeFunctionData({ abi: PERMIT2_ABI, functionName: "approve", args: [TOKEN, to, amount, 1] }),
        PERMIT2,
      );
    default:
      return call(encodeFunctionData({ abi: ERC20, functionName: way, args: [to, amount] }));
  }
}

const ruleFor = ({ target, data }: Call, change: Partial<PolicyRule> = {}): PolicyRule => ({
  effect: "allow",
  target,
  selector: data.slice(0, 10) as Hex,
  valueMax: 0n,
  conditions: [],
  proof: null,
  ...change,
});
const PAY: PolicyRule = ruleFor(spend("transfer", at(1), 0n), { conditions: [firstArgumentIs(at(1))] });

const policyOf = (change: Partial<AgentPolicy> = {}): AgentPolicy => ({
  validAfter: 0,
  validUntil: NOW + 3600,
  windowSeconds: 3600,
  gasPerWindow: 0n,
  guards: null,
  caps: [{ token: TOKEN, perTransaction: 100n, perWindow: 250n }],
  rules: [PAY],
  ...change,
});
const judge = (policy: AgentPolicy, calls: Call[], before = 0n, inferenceIds: Hex[] = [], nowSeconds = NOW) =>
  evaluatePolicy(
    policy,
    { key: KEY, calls, inferenceIds },
    { account: ACCOUNT, paused: false, spentInWindow: new Map([[TOKEN, before]]) },
    nowSeconds,
  );
const ruleOf = (verdict: ReturnType<typeof judge>) => (verdict.allowed ? "allowed" : verdict.rule);

const amounts = fc.bigInt({ min: 0n, max: 150n });
const ways = fc.constantFrom(...WAYS);
const bytes = (minLength: number, maxLength: number) =>
  fc.uint8Array({ minLength, maxLength }).map((array) => toHex(array));

describe("evaluating a policy", () => {
  it("allows exactly what fits both caps, whichever way the money is spent", () => {
    const rules = WAYS.map((way) => ruleFor(spend(way, at(1), 0n)));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(ways, amounts), { minLength: 1, maxLength: 4 }),
        fc.bigInt({ min: 0n, max: 300n }),
        (spends, before) => {
          const sum = spends.reduce((total, [, amount]) => total + amount, 0n);
          const calls = spends.map(([way, amount]) => spend(way, at(1), amount));
          const verdict = judge(policyOf({ rules }), calls, before);
          expect(verdict.allowed).toBe(sum <= 100n && (sum === 0n || before + sum <= 250n));
          if (verdict.allowed) expect(verdict.spent.get(TOKEN) ?? 0n).toBe(sum);
        },
      ),
    );
  });

  it("denies every call that no rule names, however its bytes look", () => {
    fc.assert(
      fc.property(bytes(0, 100), fc.constantFrom(TOKEN, OTHER, ACCOUNT, ENTRY_POINT_ADDRESS), (data, target) => {
        const rules = [ruleFor(call("0x12345678", at(50)))];
        expect(judge(policyOf({ rules }), [call(data, target)]).allowed).toBe(false);
      }),
    );
  });

  it("holds the counterparty to the whole first word", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3 }), fc.boolean(), (who, isDirty) => {
        const { data } = spend("transfer", at(who), 1n);
        const dirty = isDirty ? (`${data.slice(0, 10)}01${data.slice(12)}` as Hex) : data;
        expect(judge(policyOf(), [call(dirty)]).allowed).toBe(who === 1 && !isDirty);
      }),
    );
  });

  it("lets a denial win over whatever allows, and over what cannot be read", () => {
    fc.assert(
      fc.property(anyPolicy, anyRule, fc.nat(), (policy, denied, seed) => {
        const denial: PolicyRule = { ...denied, effect: "deny", valueMax: 0n, proof: null, conditions: [] };
        const stricter = { ...policy, rules: inOrder([denial, ...policy.rules]) };
        const [calls = []] = fc.sample(callsFor(policy), { numRuns: 1, seed });
        const isMet = calls.some(({ target, data }) => target === denial.target && data.startsWith(denial.selector));
        if (isMet) expect(judge(stricter, calls).allowed).toBe(false);
        if (judge(stricter, calls).allowed) expect(judge(policy, calls).allowed).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ["an empty batch", policyOf(), [], "empty-batch"],
    ["ether without a rule for it", policyOf(), [{ ...spend("transfer", at(1), 1n), value: 1n }], "value"],
    [
      "ether without a cap for it",
      policyOf({ rules: [{ ...PAY, valueMax: 5n }] }),
      [{ ...spend("transfer", at(1), 1n), value: 1n }],
      "other-token",
    ],
    ["the account itself", policyOf(), [call("0x8456cb59", ACCOUNT)], "own-account"],
    ["the entry point", policyOf(), [call("0x8456cb59", ENTRY_POINT_ADDRESS)], "entry-point"],
    ["bytes without a function", policyOf(), [call("0x8456cb")], "malformed-call"],
    [
      "another token",
      policyOf({ rules: [ruleFor(call(spend("transfer", at(1), 1n).data, OTHER))] }),
      [call(spend("transfer", at(1), 1n).data, OTHER)],
      "other-token",
    ],
    ["a cut amount", policyOf(), [call(spend("transfer", at(1), 1n).data.slice(0, -2) as Hex)], "malformed-call"],
    ["a denied call", policyOf({ rules: [{ ...PAY, effect: "deny" }, PAY] }), [spend("transfer", at(1), 1n)], "denied"],
    ["an expired policy", policyOf({ validUntil: NOW - 1 }), [spend("transfer", at(1), 1n)], "expired"],
    ["a policy that starts now", policyOf({ validAfter: NOW }), [spend("transfer", at(1), 1n)], "not-yet-valid"],
  ])("denies %s", (_, policy, calls, rule) => {
    expect(ruleOf(judge(policy, calls))).toBe(rule);
  });

  it.each(Object.entries(WRAPPERS))(
    "denies %s, which makes other calls, and takes no rule for it",
    (selector, name) => {
      const data = concatHex([selector as Hex, ZERO]);
      const verdict = judge(policyOf({ rules: [ruleFor(call(data, OTHER))] }), [call(data, OTHER)]);
      expect(verdict).toMatchObject({ allowed: false, rule: "wrapper", value: expect.stringContaining(name) });
      const json = policyToJson(policyOf({ rules: [ruleFor(call(data, OTHER))] }));
      expect(agentPolicySchema.safeParse(json).success).toBe(false);
    },
  );

  it("sends ether where a rule says how much, under the cap of the zero address", () => {
    const rules = [ruleFor(call("0x00000000", at(9)), { valueMax: 60n })];
    const policy = policyOf({ rules, caps: [{ token: ETHER, perTransaction: 100n, perWindow: 100n }] });
    expect(ruleOf(judge(policy, [call("0x", at(9), 60n)]))).toBe("allowed");
    expect(ruleOf(judge(policy, [call("0x", at(9), 61n)]))).toBe("value");
    expect(ruleOf(judge(policy, [call("0x", at(9), 60n), call("0x", at(9), 60n)]))).toBe("per-transaction-cap");
    expect(ruleOf(judge(policy, [call("0x0000000001", at(9), 1n)]))).toBe("malformed-call");
  });

  it("wants a proof where the first matching rule wants one, and only there", () => {
    const gate: PolicyRule = { ...PAY, proof: { modelId: MODEL, outputMin: 1n, maxAgeSeconds: 60 } };
    const open: PolicyRule = { ...PAY, conditions: [] };
    const calls = [spend("transfer", at(1), 1n)];
    expect(ruleOf(judge(policyOf({ rules: [gate, open] }), calls))).toBe("proof-required");
    expect(ruleOf(judge(policyOf({ rules: [gate, open] }), calls, 0n, [ZERO]))).toBe("proof-required");
    expect(ruleOf(judge(policyOf({ rules: [gate, open] }), calls, 0n, [MODEL]))).toBe("allowed");
    expect(ruleOf(judge(policyOf({ rules: [open, gate] }), calls))).toBe("allowed");
    expect(ruleOf(judge(policyOf({ rules: [gate] }), calls, 0n, [MODEL, MODEL]))).toBe("inferences-mismatch");
  });

  it("names with every denial the rule, the value and a way out", () => {
    fc.assert(
      fc.property(
        anyPolicy.chain((policy) => fc.tuple(fc.constant(policy), callsFor(policy))),
        ([policy, calls]) => {
          const verdict = judge(policy, calls);
          if (verdict.allowed) return;
          for (const text of [verdict.rule, verdict.value, verdict.fix]) expect(text.length).toBeGreaterThan(3);
        },
      ),
    );
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
});

describe("reading what a call spends", () => {
  it.each(WAYS)("counts %s like a transfer", (way) => {
    expect(readSpending(spend(way, at(1), 42n))).toEqual({ token: TOKEN, amount: 42n });
  });

  it("cannot read what Permit2 does with several tokens, and reads nothing from what gives nothing away", () => {
    expect(readSpending(call("0xcc53287f", PERMIT2))).toBe("malformed");
    expect(readSpending(call("0x8456cb59"))).toBeNull();
  });
});

describe("narrowing a policy", () => {
  /** Changes that people make: a cap less, a rule away, a demand more, a denial more. */
  const narrower = (outer: AgentPolicy): fc.Arbitrary<AgentPolicy> =>
    fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 5 }), anyCondition, anyRule).map(([what, which, condition, rule]) => {
      const place = which % outer.rules.length;
      const kept = outer.rules.filter((_, i) => i !== place);
      if (what === 0 && kept.length > 0) return { ...outer, rules: kept };
      if (what === 1)
        return {
          ...outer,
          rules: outer.rules.map((one, i) =>
            i === place ? { ...one, conditions: [...one.conditions, condition] } : one,
          ),
        };
      if (what === 2)
        return {
          ...outer,
          rules: inOrder([{ ...rule, effect: "deny" as const, valueMax: 0n, proof: null }, ...outer.rules]),
        };
      return { ...outer, caps: outer.caps.map((cap) => ({ ...cap, perTransaction: cap.perTransaction / 2n })) };
    });

  it("never lets through what the wider one denies", () => {
    let compared = 0;
    const worlds = anyPolicy.chain((outer) =>
      fc.tuple(
        fc.constant(outer),
        fc.oneof(
          narrower(outer),
          anyPolicy,
          anyPolicy.map(({ rules }) => ({ ...outer, rules })),
        ),
        callsFor(outer),
        fc.boolean(),
      ),
    );
    fc.assert(
      fc.property(worlds, ([outer, inner, calls, hasProof]) => {
        const proofs = hasProof ? calls.map(() => MODEL) : [];
        if (!isPolicyWithin(inner, outer) || !judge(inner, calls, 0n, proofs).allowed) return;
        compared += 1;
        expect(judge(outer, calls, 0n, proofs).allowed).toBe(true);
      }),
      { numRuns: 12_000 },
    );
    expect(compared).toBeGreaterThan(100);
  });

  it.each<[string, Partial<AgentPolicy>, boolean]>([
    ["the same", {}, true],
    ["a smaller cap", { caps: [{ token: TOKEN, perTransaction: 1n, perWindow: 2n }] }, true],
    ["a larger cap", { caps: [{ token: TOKEN, perTransaction: 101n, perWindow: 250n }] }, false],
    [
      "a cap for another token",
      { caps: [...policyOf().caps, { token: OTHER, perTransaction: 1n, perWindow: 1n }] },
      false,
    ],
    ["no cap for a token that had one", { caps: [] }, false],
    ["a longer window", { windowSeconds: 7_200 }, true],
    ["a shorter window", { windowSeconds: 1_800 }, false],
    ["a gas budget", { gasPerWindow: 5n }, true],
    ["another payee", { rules: [{ ...PAY, conditions: [firstArgumentIs(at(2))] }] }, false],
    ["any payee", { rules: [{ ...PAY, conditions: [] }] }, false],
    [
      "one of its payees and a smaller amount",
      {
        rules: [
          {
            ...PAY,
            conditions: [
              firstArgumentIs(at(1)),
              { reading: "word", word: 1, element: 0, comparison: "at-most", operands: [pad("0x05", { size: 32 })] },
            ],
          },
        ],
      },
      true,
    ],
    ["ether with a call", { rules: [{ ...PAY, valueMax: 1n }] }, false],
    ["a later end", { validUntil: NOW + 3_601 }, false],
  ])("says of %s whether it narrows", (_, change, isNarrower) => {
    expect(isPolicyWithin(policyOf(change), policyOf())).toBe(isNarrower);
  });

  it("takes the same policy, and JSON does not change it", () => {
    fc.assert(
      fc.property(anyPolicy, (given) => {
        const read = agentPolicySchema.parse(JSON.parse(JSON.stringify(policyToJson(given))));
        expect(read).toEqual(given);
        expect(hashPolicy(read)).toBe(hashPolicy(given));
      }),
    );
  });
});
