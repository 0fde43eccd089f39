import { LocalProblem } from "./local-problem.ts";

export type ReadableError = {
  code: string;
  message: string;
  requestId: string | undefined;
  param: string | undefined;
  /** What to do about it, where the refusal knows. */
  fix: string | undefined;
  /** When a limit has room again, where that is known. */
  roomAt: string | undefined;
};

const NETWORK: ReadableError = {
  code: "NETWORK",
  message: "The server did not answer. Check your connection.",
  requestId: undefined,
  param: undefined,
  fix: undefined,
  roomAt: undefined,
};

const field = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

/** Reads the one error shape from whatever carried it: tRPC, REST, or a connection that never came about. */
export function readApiError(error: unknown): ReadableError {
  const wire = field(field(error, "data"), "error") ?? field(error, "error");
  const code = text(field(wire, "code"));
  const message = text(field(wire, "message"));
  if (error instanceof LocalProblem) return { ...NETWORK, code: error.code, message: error.message };
  if (code === undefined || message === undefined) return NETWORK;
  return {
    code,
    message,
    requestId: text(field(wire, "request_id")),
    param: text(field(wire, "param")),
    fix: text(field(field(wire, "details"), "fix")),
    roomAt: text(field(field(wire, "details"), "roomAt")),
  };
}

/** Whether the same call may well succeed in a moment: it got no answer of ours, or one that says it is our fault. */
export function isTransient(error: unknown): boolean {
  const status = field(field(error, "data"), "httpStatus");
  return typeof status !== "number" || status >= 500;
}
