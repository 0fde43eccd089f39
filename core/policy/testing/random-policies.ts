import fc from "fast-check";
import { type Address, type Hex, parseAbi } from "viem";
import { concatHex, encodeFunctionData, getAddress, keccak256, pad, size, slice, toHex } from "viem/utils";
import type { Call } from "../execution.ts";
import {
  type AgentPolicy,
  COMPARISONS,
  type PolicyCap,
  type PolicyCondition,
  type PolicyRule,
  READINGS,
  WRAPPERS,
} from "../policy.ts";
import { ETHER, PERMIT2 } from "../token-spending.ts";

const at = (n: number): Address => getAddress(toHex(0xc0_000 + n, { size: 20 }));

/** The small world that random policies and calls are about, so that they meet often. */
export const TOKENS = [at(1), at(2), at(3)] as const;
export const SINKS = [at(11), at(12)] as const;
export const PEOPLE = [at(21), at(22), at(23)] as const;
export const NOW = 1_900_000_000;

const ABI = parseAbi([
  "function transfer(address to, uint256 amount)",
  "function approve(address spender, uint256 amount)",
  "function increaseAllowance(address spender, uint256 amount)",
  "function transferFrom(address from, address to, uint256 amount)",
  "function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s)",
  "function permit(address holder, address spender, uint256 nonce, uint256 expiry, bool allowed, uint8 v, bytes32 r, bytes32 s)",
  "function act(uint256 a, address[] path, bytes note, (address who, uint256 n, bytes rest) pair)",
  "function look()",
]);
const PERMIT2_ABI = parseAbi([
  "function approve(address token, address spender, uint160 amount, uint48 expiration)",
  "function transferFrom(address from, address to, uint160 amount, address token)",
  "function lockdown((address token, address spender)[] approvals)",
]);
const ZERO = toHex(0, { size: 32 });

const person = fc.constantFrom(...PEOPLE);
const amount = fc.oneof(
  { weight: 8, arbitrary: fc.bigInt({ min: 0n, max: 120n }) },
  { weight: 1, arbitrary: fc.constantFrom(2n ** 128n - 1n, 2n ** 128n, 2n ** 256n - 1n) },
);
const small = (value: bigint): bigint => value % 2n ** 160n;
const note = fc.constantFrom<Hex>("0x", "0x01", "0x6d656d6f", pad("0x02", { size: 40 }));

const tokenData: fc.Arbitrary<Hex> = fc.oneof(
  fc
    .tuple(fc.constantFrom("transfer" as const, "approve" as const, "increaseAllowance" as const), person, amount)
    .map(([functionName, to, units]) => encodeFunctionData({ abi: ABI, functionName, args: [to, units] })),
  fc
    .tuple(person, person, amount)
    .map(([from, to, units]) =>
      encodeFunctionData({ abi: ABI, functionName: "transferFrom", args: [from, to, units] }),
    ),
  fc
    .tuple(person, person, amount)
    .map(([from, to, units]) =>
      encodeFunctionData({ abi: ABI, functionName: "permit", args: [from, to, units, 1n, 27, ZERO, ZERO] }),
    ),
  person.map((to) =>
    encodeFunctionData({ abi: ABI, functionName: "permit", args: [to, to, 0n, 1n, true, 27, ZERO, ZERO] }),
  ),
);
const actData: fc.Arbitrary<Hex> = fc
  .tuple(amount, fc.array(person, { maxLength: 4 }), note, person, amount)
  .map(([a, path, bytes, who, n]) =>
    encodeFunctionData({ abi: ABI, functionName: "act", args: [a, path, bytes, { who, n, rest: bytes }] }),
  );
const permit2Data: fc.Arbitrary<Hex> = fc.oneof(
  fc
    .tuple(fc.constantFrom(...TOKENS), person, amount)
    .map(([token, to, units]) =>
      encodeFunctionData({ abi: PERMIT2_ABI, functionName: "approve", args: [token, to, small(units), 1] }),
    ),
  fc
    .tuple(fc.constantFrom(...TOKENS), person, amount)
    .map(([token, to, units]) =>
      encodeFunctionData({ abi: PERMIT2_ABI, functionName: "transferFrom", args: [to, to, small(units), token] }),
    ),
  fc.constant(encodeFunctionData({ abi: PERMIT2_ABI, functionName: "lockdown", args: [[]] })),
);

/** What an attacker does to bytes: cut, prolonged, a word that points elsewhere, a flipped nibble, or nothing left but the selector. */
const hostile = (data: Hex): fc.Arbitrary<Hex> =>
  fc.oneof(
    { weight: 6, arbitrary: fc.constant(data) },
    { weight: 1, arbitrary: fc.nat({ max: size(data) }).map((end) => (end === 0 ? "0x" : slice(data, 0, end))) },
    {
      weight: 1,
      arbitrary: fc.uint8Array({ minLength: 1, maxLength: 64 }).map((more) => concatHex([data, toHex(more)])),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(
          fc.nat({ max: 12 }),
          fc.oneof(
            fc.constantFrom(0n, 32n, 64n, 96n, 128n, 160n, 2n ** 32n, 2n ** 255n, 2n ** 256n - 32n),
            fc.bigInt({ min: 0n, max: 400n }),
          ),
        )
        .map(([word, value]): Hex => {
          const start = 4 + 32 * word;
          if (size(data) < start + 32) return data;
          const tail: Hex = size(data) > start + 32 ? slice(data, start + 32) : "0x";
          return concatHex([slice(data, 0, start), toHex(value, { size: 32 }), tail]);
        }),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.nat({ max: Math.max(0, 2 * size(data) - 1) }), fc.constantFrom(..."0123456789abcdef"))
        .map(([place, digit]): Hex => {
          if (size(data) === 0) return data;
          return `0x${data.slice(2, 2 + place)}${digit}${data.slice(3 + place)}`;
        }),
    },
  );

const plain = (data: Hex): fc.Arbitrary<Hex> => fc.constant(data);

function callsWith(change: (data: Hex) => fc.Arbitrary<Hex>): fc.Arbitrary<Call> {
  const of = (targets: readonly Address[], data: fc.Arbitrary<Hex>) =>
    fc.tuple(fc.constantFrom(...targets), data.chain(change)).map(([target, bytes]) => ({ target, data: bytes }));
  return fc
    .tuple(
      fc.oneof(
        { weight: 5, arbitrary: of(TOKENS, tokenData) },
        { weight: 4, arbitrary: of(SINKS, actData) },
        { weight: 2, arbitrary: of([PERMIT2], permit2Data) },
        { weight: 1, arbitrary: of([...SINKS, ...PEOPLE], fc.constantFrom<Hex>("0x", "0x00000000", "0x0000000001")) },
        { weight: 1, arbitrary: of(SINKS, tokenData) },
        {
          weight: 1,
          arbitrary: of(
            SINKS,
            fc.constantFrom(...(Object.keys(WRAPPERS) as Hex[])).map((selector) => concatHex([selector, ZERO])),
          ),
        },
      ),
      fc.oneof({ weight: 5, arbitrary: fc.constant(0n) }, { weight: 1, arbitrary: fc.bigInt({ min: 1n, max: 60n }) }),
    )
    .map(([{ target, data }, value]) => ({ target, data, value }));
}

/** Calls as somebody means them, and as an attacker makes them. */
export const anyCall: fc.Arbitrary<Call> = fc.oneof(callsWith(plain), callsWith(hostile));

const INTERESTING: readonly Hex[] = [
  ...PEOPLE.map((one) => pad(one).toLowerCase() as Hex),
  ...[0n, 1n, 2n, 3n, 32n, 50n, 100n, 128n, 2n ** 256n - 1n].map((value) => toHex(value, { size: 32 })),
  keccak256("0x01"),
  keccak256("0x6d656d6f"),
];
const operand = fc.constantFrom(...INTERESTING);

export const anyCondition: fc.Arbitrary<PolicyCondition> = fc
  .tuple(
    fc.constantFrom(...READINGS),
    fc.nat({ max: 4 }),
    fc.nat({ max: 3 }),
    fc.constantFrom(...COMPARISONS),
    fc.array(operand, { minLength: 2, maxLength: 4 }),
  )
  .map(([reading, word, element, comparison, operands]) => ({
    reading,
    word,
    element: reading === "element" || reading === "field" ? element : 0,
    comparison,
    operands:
      comparison === "masked" ? operands.slice(0, 2) : comparison.endsWith("-of") ? operands : operands.slice(0, 1),
  }));

const selectorOfCall = (call: Call): Hex => (size(call.data) >= 4 ? slice(call.data, 0, 4) : "0x00000000");

export const anyRule: fc.Arbitrary<PolicyRule> = fc
  .tuple(
    callsWith(plain).filter((call) => !(selectorOfCall(call) in WRAPPERS)),
    fc.oneof(
      { weight: 4, arbitrary: fc.constant("allow" as const) },
      { weight: 1, arbitrary: fc.constant("deny" as const) },
    ),
    fc.oneof(
      { weight: 2, arbitrary: fc.constant<PolicyCondition[]>([]) },
      { weight: 1, arbitrary: fc.array(anyCondition, { minLength: 1, maxLength: 2 }) },
    ),
    fc.constantFrom(0n, 0n, 50n),
    fc.constantFrom(
      null,
      null,
      null,
      { modelId: toHex(7, { size: 32 }), outputMin: 5n, maxAgeSeconds: 60 },
      { modelId: toHex(7, { size: 32 }), outputMin: 9n, maxAgeSeconds: 30 },
    ),
  )
  .map(([call, effect, conditions, valueMax, proof]) => ({
    effect,
    target: call.target,
    selector: selectorOfCall(call),
    conditions,
    valueMax: effect === "deny" ? 0n : valueMax,
    proof: effect === "deny" ? null : proof,
  }));

const anyCap = (token: Address): fc.Arbitrary<PolicyCap> =>
  fc
    .tuple(fc.constantFrom(50n, 100n, 2n ** 128n - 1n), fc.constantFrom(60n, 150n, 2n ** 128n - 1n))
    .map(([perTransaction, perWindow]) => ({ token, perTransaction, perWindow }));

/** Denials first, as a policy has them. */
export const inOrder = (rules: readonly PolicyRule[]): PolicyRule[] => [
  ...rules.filter(({ effect }) => effect === "deny"),
  ...rules.filter(({ effect }) => effect === "allow"),
];

export const anyPolicy: fc.Arbitrary<AgentPolicy> = fc
  .tuple(
    fc.array(anyRule, { minLength: 1, maxLength: 6 }),
    fc.subarray([...TOKENS.slice(0, 2), ETHER], { minLength: 1 }).chain((tokens) => fc.tuple(...tokens.map(anyCap))),
    fc.constantFrom(3_600, 7_200),
  )
  .map(([rules, caps, windowSeconds]) => ({
    validAfter: 0,
    validUntil: NOW + 3_600,
    windowSeconds,
    gasPerWindow: 0n,
    guards: null,
    caps,
    rules: inOrder(rules),
  }));

/** Calls that often meet a policy: such as its own rules name, and others. */
export const callsFor = (policy: AgentPolicy): fc.Arbitrary<Call[]> => {
  const meeting = fc.tuple(fc.constantFrom(...policy.rules), anyCall).map(([rule, call]): Call => {
    const isSame = call.target === rule.target && selectorOfCall(call) === rule.selector;
    if (isSame || size(call.data) < 4) return { ...call, target: rule.target };
    const isPayment = rule.selector === "0x00000000";
    return { ...call, target: rule.target, data: isPayment ? "0x" : `${rule.selector}${call.data.slice(10)}` };
  });
  const calls = fc.oneof({ weight: 5, arbitrary: meeting }, { weight: 1, arbitrary: anyCall });
  return fc.oneof(
    { weight: 2, arbitrary: calls.map((call) => [call]) },
    { weight: 1, arbitrary: fc.array(calls, { minLength: 2, maxLength: 3 }) },
  );
};
