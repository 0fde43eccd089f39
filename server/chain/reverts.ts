import { BaseError, type Hex } from "viem";
import { decodeErrorResult } from "viem/utils";
import { contractErrorsAbi } from "#core/generated/abis.ts";

/** What a contract said when it refused: the error's name and its values as text. */
export type Revert = { name: string; args: string[]; data: Hex };

const asText = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(asText).join(", ")}]`;
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
};

/** Names the error in revert data; an error of nobody we know keeps its selector. */
export function decodeRevert(data: Hex): Revert {
  if (data === "0x") return { name: "RevertedWithoutReason", args: [], data };
  try {
    const decoded = decodeErrorResult({ abi: contractErrorsAbi, data });
    const args = (decoded.args ?? []) as readonly unknown[];
    // The entry point wraps what an account or paymaster said; the inner error is the one to show.
    const inner = decoded.errorName === "FailedOpWithRevert" ? args[2] : undefined;
    if (typeof inner === "string" && inner.length > 2) return decodeRevert(inner as Hex);
    return { name: decoded.errorName, args: args.map(asText), data };
  } catch {
    return { name: `UnknownError ${data.slice(0, 10)}`, args: [], data };
  }
}

export const describeRevert = (revert: Revert): string => `${revert.name}(${revert.args.join(", ")})`;

const isHex = (value: unknown): value is Hex => typeof value === "string" && /^0x[0-9a-fA-F]*$/.test(value);

/** The revert inside an error of viem; null when the error is something else, such as a lost connection. */
export function findRevert(error: unknown): Revert | null {
  if (!(error instanceof BaseError)) return null;
  let found: Revert | null = null;
  error.walk((cause) => {
    const { data } = cause as { data?: unknown };
    const bytes = isHex(data)
      ? data
      : isHex((data as { data?: unknown } | undefined)?.data)
        ? (data as { data: Hex }).data
        : null;
    if (bytes) found = decodeRevert(bytes);
    return found !== null;
  });
  if (found) return found;
  return /revert/i.test(error.message) && error.name !== "HttpRequestError"
    ? { name: "RevertedWithoutReason", args: [], data: "0x" }
    : null;
}
