import { z } from "zod";
import { DomainError } from "../errors.ts";
import { idPattern } from "../ids.ts";
import { compileFunction } from "../policy/language.ts";
import { callRule, depositRule, functionRule, guardsInput, limitsInput, uintText } from "./agent-policy.ts";

const isoTime = z.iso.datetime();
export const templateId = z.string().regex(idPattern("policyTemplate"));
const templateVersionNumber = z.int().min(1).max(1_000_000);

/** Trading what the chain's market has, on its pools: rules and caps are made of it when an agent is. */
const tradeRule = z.strictObject({ kind: z.literal("trade") });

const templateRule = z.discriminatedUnion("kind", [depositRule, tradeRule, callRule, functionRule], {
  error: "A template names nobody: a rule is deposit, trade, call or function.",
});
export type TemplateRule = z.output<typeof templateRule>;

/** Whoever makes an agent from it is asked above so many micro-dollars; nobody else is known yet. */
const ownerAsked = z.strictObject({
  over: uintText,
  needed: z.literal(1, { error: "A template asks the agent's owner alone." }),
  approvers: z.tuple([z.literal("me", { error: "A template asks the agent's owner alone: me." })], {
    error: "A template asks the agent's owner alone: me.",
  }),
});

/** Asked of fields, too, that were refused for what they are: those are told apart by that. */
const isOver = (one: string, all: string): boolean =>
  [one, all].every((text) => /^\d+$/.test(text)) && BigInt(one) > BigInt(all);

const STAND_IN = "0x000000000000000000000000000000000000dEaD";

/** Why a function's demands cannot be compiled, or null. */
function problemOf({ function: text, where = [] }: z.output<typeof functionRule>): string | null {
  try {
    compileFunction(text, where, STAND_IN);
    return null;
  } catch (error) {
    if (error instanceof DomainError) return error.message;
    throw error;
  }
}

/**
 * A policy before anybody's: no payees, no approvers but the owner, no date. `validDays` becomes the date when an agent
 * is made from it.
 */
export const templatePolicy = limitsInput
  .extend({
    validDays: z.int().min(1).max(365),
    guards: guardsInput
      .pick({ usd: true, hours: true, outcome: true })
      .extend({ approvals: ownerAsked.optional() })
      .optional(),
    rules: z.array(templateRule).max(16),
  })
  .superRefine(({ perTransactionCap, windowCap, caps = [], rules, guards }, context) => {
    const refuse = (message: string, ...path: (string | number)[]) =>
      context.addIssue({ code: "custom", message, path });
    if (isOver(perTransactionCap, windowCap))
      refuse("One payment may not exceed what the whole window allows.", "perTransactionCap");
    for (const [index, { perTransaction, perWindow }] of caps.entries())
      if (isOver(perTransaction, perWindow))
        refuse("One payment may not exceed what the whole window allows.", "caps", index, "perTransaction");
    if (guards?.usd && isOver(guards.usd.perTransaction, guards.usd.perWindow))
      refuse("One payment may not exceed what the whole window allows.", "guards", "usd", "perTransaction");
    for (const [index, rule] of rules.entries()) {
      const problem = rule.kind === "function" ? problemOf(rule) : null;
      if (problem !== null) refuse(problem, "rules", index, "function");
    }
  });
export type TemplatePolicy = z.output<typeof templatePolicy>;

/** What an agent is made from, as it stood then. */
export const madeFromInput = z.strictObject({ id: templateId, version: templateVersionNumber });

export const policyTemplateOutput = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  version: z.int(),
  position: z.int(),
  policy: templatePolicy,
});
export type PolicyTemplateView = z.infer<typeof policyTemplateOutput>;
export const policyTemplatesOutput = z.object({ data: z.array(policyTemplateOutput) });

export const TEMPLATE_STATUSES = ["draft", "published", "retired"] as const;
export const adminTemplateOutput = policyTemplateOutput.extend({
  status: z.enum(TEMPLATE_STATUSES),
  /** How many agents were made from it, of any version. */
  agents: z.int(),
  /** Who wrote the version of now; null of those that came with the platform. */
  writtenBy: z.string().nullable(),
  updatedAt: isoTime,
});
export type AdminTemplateView = z.infer<typeof adminTemplateOutput>;
export const adminTemplatesOutput = z.object({ data: z.array(adminTemplateOutput) });

export const adminTemplateDetailOutput = adminTemplateOutput.extend({
  /** Newest first. */
  versions: z.array(
    z.object({
      number: z.int(),
      name: z.string(),
      description: z.string(),
      policy: templatePolicy,
      writtenBy: z.string().nullable(),
      createdAt: isoTime,
    }),
  ),
});
export type AdminTemplateDetail = z.infer<typeof adminTemplateDetailOutput>;

const reason = z.string().trim().min(3).max(300);
export const templateIdInput = z.strictObject({ id: templateId });
export const createTemplateInput = z.strictObject({
  name: z.string().trim().min(1).max(40),
  description: z.string().trim().min(1).max(160),
  /** Where it stands among the others, from 0; last where nothing is said. */
  position: z.int().min(0).max(1_000).optional(),
  policy: templatePolicy,
});
export type CreateTemplateInput = z.output<typeof createTemplateInput>;
export const changeTemplateInput = createTemplateInput.required({ position: true }).extend({
  id: templateId,
  /** The version that was changed: another one in between is a conflict. */
  version: templateVersionNumber,
  reason,
});
export type ChangeTemplateInput = z.output<typeof changeTemplateInput>;
export const decideTemplateInput = z.strictObject({ id: templateId, reason });
