import type { AbiFunction, AbiParameter, Address, ParseAbiItem } from "viem";
import { DomainError } from "../errors.ts";
import { parseAmount, toWire } from "../money.ts";
import type { PolicyInput, RuleInput } from "../schemas/agent-policy.ts";
import type { Demand } from "./language.ts";

/** A policy as its owner writes it: the body of `POST /agents/{id}/policies`. */
export type Policy = PolicyInput;

type ParametersOf<Text extends string> =
  ParseAbiItem<`function ${Text}`> extends infer Item extends AbiFunction ? Item["inputs"] : readonly AbiParameter[];
type NamesOf<Text extends string> = ParametersOf<Text>[number]["name"] & string;

/** What a rule may look at in a call: an argument by its name, one element, the length, or a field of a structure. */
export type Place<Text extends string> =
  | NamesOf<Text>
  | `${NamesOf<Text>}[${number | "last"}]`
  | `${NamesOf<Text>}.${string}`;

type Demanded = Omit<Demand, "argument">;

/** The agent's own account, wherever an address is compared. */
export const self = "self";

export const is = (value: string | boolean): Demanded => ({ is: value });
export const oneOf = (...values: string[]): Demanded => ({ oneOf: values });
export const noneOf = (...values: string[]): Demanded => ({ noneOf: values });
/** Base units of whatever the argument counts. */
export const atMost = (units: bigint): Demanded => ({ atMost: units.toString() });
export const atLeast = (units: bigint): Demanded => ({ atLeast: units.toString() });

/** Dollars as micro-dollars: `dollars("2.50")` is "2500000". Never a float; more than six digits are refused. */
export function dollars(text: string): string {
  const amount = parseAmount("USD", text);
  if (typeof amount === "string") throw new DomainError(amount, { message: `"${text}" is no amount of dollars.` });
  return toWire(amount).units;
}

export const hours = (count: number): number => count * 3_600;
export const days = (count: number): number => hours(24 * count);

type FunctionRule = Extract<RuleInput, { kind: "function" }>;
type More = Pick<FunctionRule, "valueMax" | "proof">;

function functionRule(
  effect: "allow" | "deny",
  target: Address,
  text: string,
  demands: Partial<Record<string, Demanded>>,
  more: More,
): FunctionRule {
  const where = Object.entries(demands).flatMap(([argument, demand]) => (demand ? { argument, ...demand } : []));
  return { kind: "function", effect, target, function: text, ...(where.length > 0 ? { where } : {}), ...more };
}

/** Allows one function of one contract, with demands on its arguments; their names are checked against the function. */
export const allow = <const Text extends string>(
  target: Address,
  text: Text,
  where: Partial<Record<Place<Text>, Demanded>> = {},
  more: More = {},
): FunctionRule => functionRule("allow", target, text, where, more);

/** Forbids it: stronger than everything that allows. */
export const deny = <const Text extends string>(
  target: Address,
  text: Text,
  where: Partial<Record<Place<Text>, Demanded>> = {},
): FunctionRule => functionRule("deny", target, text, where, {});

type PayRule = Extract<RuleInput, { kind: "pay" }>;

/** Dollars to one address; with `proof`, only for a fresh proved output of a model. */
export const pay = (recipient: Address, proof?: NonNullable<PayRule["proof"]>): PayRule => ({
  kind: "pay",
  recipient,
  ...(proof ? { proof } : {}),
});

/** Dollars into the agent's own balance on the platform, to buy inference with. */
export const fillBalance = (): RuleInput => ({ kind: "deposit" });

/** Ether to one address, in wei a call. */
export const payEther = (recipient: Address, weiMax: bigint): RuleInput => ({
  kind: "ether",
  recipient,
  valueMax: weiMax.toString(),
});

/** A policy as a file of TypeScript that says it again. `importFrom` is where the file finds this module. */
export const printPolicy = (policy: Policy, importFrom: string): string =>
  `import type { Policy } from ${JSON.stringify(importFrom)};\n\nexport default ${JSON.stringify(policy, null, 2)} satisfies Policy;\n`;
