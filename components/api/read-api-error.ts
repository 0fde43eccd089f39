import { errorStatus, isErrorCode } from "#core/errors.ts";

export type ReadableError = {
  code: string;
  message: string;
  requestId: string | undefined;
  param: string | undefined;
  /** What to do about it, where the refusal knows. */
  fix: string | undefined;
  /** Whether the same request may well succeed in a moment. */
  isTransient: boolean;
};

const NETWORK: ReadableError = {
  code: "NETWORK",
  message: "The server did not answer. Check your connection.",
  requestId: undefined,
  param: undefined,
  fix: undefined,
  isTransient: true,
};

const field = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

/** Reads the one error shape from whatever carried it: tRPC, REST, or a connection that never came about. */
export function readApiError(error: unknown): ReadableError {
  const wire = field(field(error, "data"), "error") ?? field(error, "error");
  const code = text(field(wire, "code"));
  const message = text(field(wire, "message"));
  if (code === undefined || message === undefined) return NETWORK;
  return {
    code,
    message,
    requestId: text(field(wire, "request_id")),
    param: text(field(wire, "param")),
    fix: text(field(field(wire, "details"), "fix")),
    isTransient: !isErrorCode(code) || errorStatus(code) >= 500,
  };
}
