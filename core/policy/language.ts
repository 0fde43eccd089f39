import { type AbiFunction, type AbiParameter, type Address, type Hex, parseAbiItem } from "viem";
import { encodeAbiParameters, keccak256, pad, stringToHex, toFunctionSelector, toHex } from "viem/utils";
import { z } from "zod";
import { DomainError } from "../errors.ts";
import type { PolicyCondition } from "./policy.ts";

/** One value of a call's argument as people write it: a number, an address, yes or no, text, or hex. */
const operand = z.union([z.string().min(1).max(4_096), z.boolean()]);

/**
 * What a rule demands of one argument of a function. `argument` is its name, or its place from 0, with what is looked at
 * in it: `path[0]`, `path[last]`, `path.length`, `params.recipient`. Text and bytes are compared whole.
 */
export const demandSchema = z
  .strictObject({
    argument: z.string().regex(/^[A-Za-z0-9_]{1,64}(?:\[(?:\d{1,5}|last)\]|\.[A-Za-z0-9_]{1,64})?$/),
    is: operand.optional(),
    atMost: z
      .string()
      .regex(/^\d{1,78}$/)
      .optional(),
    atLeast: z
      .string()
      .regex(/^\d{1,78}$/)
      .optional(),
    oneOf: z.array(operand).min(1).max(32).optional(),
    noneOf: z.array(operand).min(1).max(32).optional(),
  })
  .refine(
    ({ argument: _, ...demands }) => Object.values(demands).filter((value) => value !== undefined).length === 1,
    "Say one thing of an argument: is, atMost, atLeast, oneOf or noneOf. Name it again to say another.",
  );
export type Demand = z.output<typeof demandSchema>;

/** A function as Solidity writes it, with the names of its arguments. */
export const functionText = z.string().min(3).max(500);

const refuse = (message: string) => new DomainError("POLICY_INVALID", { message });

/** Reads "transfer(address to, uint256 amount)". */
export function readFunction(text: string): AbiFunction {
  const signature = text.trim().replace(/^function\s+/, "");
  try {
    const item = parseAbiItem([`function ${signature}`] as readonly string[]) as AbiFunction;
    if (item.type === "function") return item;
  } catch {
    // The sentence below says what is wanted.
  }
  throw refuse(
    `"${text.slice(0, 80)}" is not a function. Write it as in Solidity: transfer(address to, uint256 amount).`,
  );
}

type Typed = AbiParameter & { components?: readonly AbiParameter[] };

const isDynamic = ({ type, components }: Typed): boolean => {
  if (type === "bytes" || type === "string" || type.endsWith("[]")) return true;
  const fixed = /^(.*)\[\d+\]$/.exec(type);
  if (fixed?.[1] !== undefined) return isDynamic({ ...(components ? { components } : {}), type: fixed[1] });
  return type === "tuple" && (components ?? []).some(isDynamic);
};

/** How many words a parameter takes in the head. */
function wordsOf(parameter: Typed): number {
  if (isDynamic(parameter)) return 1;
  const fixed = /^(.*)\[(\d+)\]$/.exec(parameter.type);
  if (fixed?.[1] !== undefined) return Number(fixed[2]) * wordsOf({ ...parameter, type: fixed[1] } as Typed);
  if (parameter.type === "tuple") return (parameter.components ?? []).reduce((sum, one) => sum + wordsOf(one), 0);
  return 1;
}

function findAmong(parameters: readonly Typed[], name: string, of: string): { parameter: Typed; word: number } {
  const index = /^\d+$/.test(name) ? Number(name) : parameters.findIndex((one) => one.name === name);
  const parameter = parameters[index];
  if (!parameter) throw refuse(`${of} has no argument "${name}".`);
  const word = parameters.slice(0, index).reduce((sum, one) => sum + wordsOf(one), 0);
  return { parameter, word };
}

type Place = Pick<PolicyCondition, "reading" | "word" | "element"> & { type: string };

const ONE_WORD = /^(?:u?int\d*|address|bool|bytes([1-9]|[12]\d|3[0-2]))$/;

/** Where an argument lies in the call data, and of what type it is there. */
function placeOf(abi: AbiFunction, text: string): Place {
  const parts = /^([A-Za-z0-9_]+)(?:\[(\d+|last)\]|\.([A-Za-z0-9_]+))?$/.exec(text);
  const [, name = "", index, field] = parts ?? [];
  const { parameter, word } = findAmong(abi.inputs, name, abi.name);
  const { type } = parameter;
  if (index !== undefined) {
    const element = /^(.*)\[\]$/.exec(type)?.[1];
    if (element === undefined || !ONE_WORD.test(element))
      throw refuse(`"${name}" of ${abi.name} is ${type}; only a list of plain values has elements to look at.`);
    return index === "last"
      ? { reading: "last", word, element: 0, type: element }
      : { reading: "element", word, element: Number(index), type: element };
  }
  if (field === "length" && isDynamic(parameter) && type !== "tuple")
    return { reading: "length", word, element: 0, type: "uint256" };
  if (field !== undefined) {
    if (type !== "tuple") throw refuse(`"${name}" of ${abi.name} is ${type} and has no "${field}".`);
    const inner = findAmong(parameter.components ?? [], field, `${abi.name}'s "${name}"`);
    if (!ONE_WORD.test(inner.parameter.type))
      throw refuse(
        `"${field}" of "${name}" is ${inner.parameter.type}; only plain values in a structure can be looked at.`,
      );
    return isDynamic(parameter)
      ? { reading: "field", word, element: inner.word, type: inner.parameter.type }
      : { reading: "word", word: word + inner.word, element: 0, type: inner.parameter.type };
  }
  if (type === "bytes" || type === "string") return { reading: "hash", word, element: 0, type };
  if (!ONE_WORD.test(type))
    throw refuse(
      `"${name}" of ${abi.name} is ${type}. Look into it: ${name}[0], ${name}[last], ${name}.length or ${name}.field.`,
    );
  return { reading: "word", word, element: 0, type };
}

/** A value as the 32 bytes that it is in call data. `self` stands for the agent's own account. */
function encodeOperand(value: string | boolean, type: string, self: Address): Hex {
  const bad = () => refuse(`"${String(value).slice(0, 80)}" is not ${type}.`);
  if (type === "string" || type === "bytes") {
    if (typeof value !== "string" || (type === "bytes" && !/^0x(?:[0-9a-fA-F]{2})*$/.test(value))) throw bad();
    return keccak256(type === "bytes" ? (value as Hex) : stringToHex(value));
  }
  try {
    if (type === "bool") {
      if (value !== true && value !== false && value !== "true" && value !== "false") throw bad();
      return pad(String(value) === "true" ? "0x01" : "0x00");
    }
    if (typeof value !== "string") throw bad();
    if (/^u?int/.test(type)) {
      if (!/^-?\d{1,78}$/.test(value)) throw bad();
      return encodeAbiParameters([{ type }], [BigInt(value)]);
    }
    return encodeAbiParameters([{ type }], [type === "address" && value === "self" ? self : (value as Hex)]);
  } catch (cause) {
    throw cause instanceof DomainError ? cause : bad();
  }
}

const COUNTABLE = /^uint/;

/** A demand as the condition that signer and contract check. */
export function compileDemand(abi: AbiFunction, demand: Demand, self: Address): PolicyCondition {
  const { type, ...place } = placeOf(abi, demand.argument);
  const encode = (value: string | boolean) => encodeOperand(value, type, self);
  if (demand.is !== undefined) return { ...place, comparison: "equal", operands: [encode(demand.is)] };
  if (demand.oneOf) return { ...place, comparison: "one-of", operands: demand.oneOf.map(encode) };
  if (demand.noneOf) return { ...place, comparison: "none-of", operands: demand.noneOf.map(encode) };
  if (!COUNTABLE.test(type))
    throw refuse(`"${demand.argument}" is ${type}: at most and at least are for whole numbers without a sign.`);
  const bound = demand.atMost ?? demand.atLeast ?? "0";
  return {
    ...place,
    comparison: demand.atMost === undefined ? "at-least" : "at-most",
    operands: [encode(bound)],
  };
}

/** What a function and demands on its arguments come to. */
export function compileFunction(
  text: string,
  demands: readonly Demand[],
  self: Address,
): { selector: Hex; conditions: PolicyCondition[] } {
  const abi = readFunction(text);
  return { selector: toFunctionSelector(abi), conditions: demands.map((demand) => compileDemand(abi, demand, self)) };
}

/** The condition that an address stands first, as in `transfer(address to, …)`. */
export const firstArgumentIs = (address: Address): PolicyCondition => ({
  reading: "word",
  word: 0,
  element: 0,
  comparison: "equal",
  operands: [pad(address).toLowerCase() as Hex],
});

/** The address that a rule holds its first argument to, where it does. */
export function counterpartyOf(conditions: readonly PolicyCondition[]): Hex | null {
  const first = conditions.find(
    ({ reading, word, comparison }) => reading === "word" && word === 0 && comparison === "equal",
  );
  const value = BigInt(first?.operands[0] ?? "0x0");
  return first && value < 2n ** 160n ? toHex(value, { size: 20 }) : null;
}
