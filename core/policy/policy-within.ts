import { areGuardsWithin } from "./guards.ts";
import type { AgentPolicy, PolicyCondition, PolicyRule } from "./policy.ts";

const numbers = (condition: PolicyCondition): bigint[] => condition.operands.map((operand) => BigInt(operand));

const looksAt = ({ reading, word, element }: PolicyCondition): string => `${reading}:${word}:${element}`;

/** The values that a condition holds for, where that is a list or a range. */
function valuesOf(
  condition: PolicyCondition,
): { kind: "list"; values: bigint[] } | { kind: "range"; from: bigint; to: bigint } | null {
  const [first = 0n] = numbers(condition);
  switch (condition.comparison) {
    case "equal":
      return { kind: "list", values: [first] };
    case "one-of":
      return { kind: "list", values: numbers(condition) };
    case "at-most":
      return { kind: "range", from: 0n, to: first };
    case "at-least":
      return { kind: "range", from: first, to: 2n ** 256n - 1n };
    default:
      return null;
  }
}

function accepts(condition: PolicyCondition, value: bigint): boolean {
  const operands = numbers(condition);
  const [first = 0n, second = 0n] = operands;
  switch (condition.comparison) {
    case "equal":
      return value === first;
    case "at-most":
      return value <= first;
    case "at-least":
      return value >= first;
    case "masked":
      return (value & first) === second;
    case "one-of":
      return operands.includes(value);
    case "none-of":
      return !operands.includes(value);
  }
}

/** Whether `inner` holds only where `outer` does. Where that cannot be seen at once the answer is no. */
function implies(inner: PolicyCondition, outer: PolicyCondition): boolean {
  if (looksAt(inner) !== looksAt(outer)) return false;
  const isSame = inner.comparison === outer.comparison && [...inner.operands].join() === [...outer.operands].join();
  if (isSame) return true;
  const values = valuesOf(inner);
  if (values?.kind === "list") return values.values.every((value) => accepts(outer, value));
  const others = valuesOf(outer);
  if (values?.kind === "range" && others?.kind === "range") return others.from <= values.from && values.to <= others.to;
  if (inner.comparison === "none-of" && outer.comparison === "none-of")
    return outer.operands.every((operand) => inner.operands.includes(operand));
  return false;
}

/** Whether two conditions can never hold for the same call data. */
const excludes = (one: PolicyCondition, other: PolicyCondition): boolean => {
  if (looksAt(one) !== looksAt(other)) return false;
  const values = valuesOf(one);
  if (values?.kind === "list") return !values.values.some((value) => accepts(other, value));
  const others = valuesOf(other);
  return values?.kind === "range" && others?.kind === "range" && (values.to < others.from || others.to < values.from);
};

const isAboutTheSame = (one: PolicyRule, other: PolicyRule): boolean =>
  one.target === other.target && one.selector === other.selector;

const isDisjoint = (one: PolicyRule, other: PolicyRule): boolean =>
  !isAboutTheSame(one, other) ||
  one.conditions.some((condition) => other.conditions.some((against) => excludes(condition, against)));

/** Whether every call that `inner` matches is matched by `outer`. */
const isCovering = (outer: PolicyRule, inner: PolicyRule): boolean =>
  isAboutTheSame(outer, inner) &&
  outer.conditions.every((wanted) => inner.conditions.some((given) => implies(given, wanted)));

function isProofWithin(inner: PolicyRule, outer: PolicyRule): boolean {
  if (!outer.proof) return true;
  return (
    inner.proof !== null &&
    inner.proof.modelId === outer.proof.modelId &&
    inner.proof.outputMin >= outer.proof.outputMin &&
    inner.proof.maxAgeSeconds <= outer.proof.maxAgeSeconds
  );
}

/** The first rule that matches a call decides, so every outer rule a call could meet before it is covered must agree. */
function isRuleWithin(
  inner: PolicyRule,
  { outer, denials }: { outer: AgentPolicy; denials: readonly PolicyRule[] },
): boolean {
  for (const rule of outer.rules) {
    if (isDisjoint(inner, rule)) continue;
    if (rule.effect === "deny") {
      // What was denied is denied still, or this rule cannot meet it.
      if (denials.some((denial) => isDenialCovering(denial, rule))) continue;
      return false;
    }
    if (!isProofWithin(inner, rule) || inner.valueMax > rule.valueMax) return false;
    if (isCovering(rule, inner)) return true;
  }
  return false;
}

/**
 * A denial also catches what its conditions cannot read, so one covers another only by the same conditions or fewer of
 * them.
 */
const isDenialCovering = (denial: PolicyRule, other: PolicyRule): boolean =>
  isAboutTheSame(denial, other) &&
  denial.conditions.every((wanted) =>
    other.conditions.some((given) => JSON.stringify(given) === JSON.stringify(wanted)),
  );

/**
 * Whether everything that `inner` allows was allowed by `outer` already. It errs on one side: a yes is certain, a no may
 * be a policy too clever for it.
 */
export function isPolicyWithin(inner: AgentPolicy, outer: AgentPolicy): boolean {
  const denials = inner.rules.filter(({ effect }) => effect === "deny");
  const areCapsWithin = inner.caps.every((cap) => {
    const held = outer.caps.find(({ token }) => token === cap.token);
    return held !== undefined && cap.perTransaction <= held.perTransaction && cap.perWindow <= held.perWindow;
  });
  const isGasWithin =
    outer.gasPerWindow === 0n || (inner.gasPerWindow !== 0n && inner.gasPerWindow <= outer.gasPerWindow);
  // A token that loses its cap is spent no more, but what is lost of it in a call is not seen any more either.
  const areAllMetered = outer.caps.every(({ token }) => inner.caps.some((cap) => cap.token === token));
  return (
    inner.validAfter >= outer.validAfter &&
    inner.validUntil <= outer.validUntil &&
    inner.windowSeconds >= outer.windowSeconds &&
    isGasWithin &&
    areCapsWithin &&
    areAllMetered &&
    areGuardsWithin(inner.guards, outer.guards) &&
    inner.rules.every((rule) => rule.effect === "deny" || isRuleWithin(rule, { outer, denials }))
  );
}
