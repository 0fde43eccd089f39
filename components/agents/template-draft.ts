import type { TemplatePolicy } from "#core/schemas/policy-template.ts";
import type { PolicyTerms } from "./policy-draft.ts";

/** A template as the form's fields have it, with what they have no place for kept beside them. */
export function termsOf({ rules, guards, caps, gasPerWindow, ...limits }: TemplatePolicy): PolicyTerms {
  const { approvals, ...otherGuards } = guards ?? {};
  return {
    perTransactionCap: limits.perTransactionCap,
    windowCap: limits.windowCap,
    windowSeconds: String(limits.windowSeconds),
    days: String(limits.validDays),
    mayDeposit: rules.some(({ kind }) => kind === "deposit"),
    mayTrade: rules.some(({ kind }) => kind === "trade"),
    askOver: approvals?.over ?? "",
    more: {
      ...(caps ? { caps } : {}),
      ...(gasPerWindow === undefined ? {} : { gasPerWindow }),
      ...(Object.keys(otherGuards).length > 0 ? { guards: otherGuards } : {}),
      rules: rules.filter((rule) => rule.kind === "call" || rule.kind === "function"),
    },
  };
}

/** The template that a form says, as far as it is filled in. */
export function templateOf({ more, askOver, mayDeposit, mayTrade, ...limits }: PolicyTerms): TemplatePolicy {
  const guards: TemplatePolicy["guards"] = {
    ...more.guards,
    ...(askOver === "" ? {} : { approvals: { over: askOver, needed: 1, approvers: ["me"] } }),
  };
  return {
    perTransactionCap: limits.perTransactionCap,
    windowCap: limits.windowCap,
    windowSeconds: Number(limits.windowSeconds),
    ...(more.caps ? { caps: more.caps } : {}),
    ...(more.gasPerWindow === undefined ? {} : { gasPerWindow: more.gasPerWindow }),
    validDays: Number(limits.days),
    ...(Object.keys(guards).length > 0 ? { guards } : {}),
    rules: [
      ...(mayDeposit ? [{ kind: "deposit" } as const] : []),
      ...more.rules,
      ...(mayTrade ? [{ kind: "trade" } as const] : []),
    ],
  };
}
