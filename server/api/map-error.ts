import { TRPCError } from "@trpc/server";
import { z } from "zod";
import { toWireError } from "#core/api-error.ts";
import { DomainError, type ErrorCode } from "#core/errors.ts";
import { log } from "#server/log.ts";

const TRPC_CODES: Partial<Record<TRPCError["code"], ErrorCode>> = {
  PARSE_ERROR: "BAD_REQUEST",
  BAD_REQUEST: "BAD_REQUEST",
  UNAUTHORIZED: "UNAUTHENTICATED",
  FORBIDDEN: "FORBIDDEN",
  NOT_FOUND: "NOT_FOUND",
  METHOD_NOT_SUPPORTED: "METHOD_NOT_ALLOWED",
  CONFLICT: "CONFLICT",
  PAYLOAD_TOO_LARGE: "PAYLOAD_TOO_LARGE",
  UNSUPPORTED_MEDIA_TYPE: "UNSUPPORTED_MEDIA_TYPE",
  TOO_MANY_REQUESTS: "RATE_LIMITED",
};

/** Database and network failures that mean "not now" rather than "broken". */
const UNAVAILABLE_CODES = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOENT",
  "ETIMEDOUT",
  "57P01",
  "57P03",
  "53300",
  "P1001",
  "P1017",
  "P2024",
  "P2028",
]);

function validationError(error: z.ZodError): DomainError {
  const issues = error.issues.map((issue) => ({ path: issue.path.join("."), message: issue.message }));
  const first = issues[0];
  const param = first?.path || null;
  return new DomainError(
    "VALIDATION_FAILED",
    {
      ...(first ? { message: param ? `${param}: ${first.message}` : first.message, param } : {}),
      issues,
    },
    { cause: error },
  );
}

function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ("code" in error && typeof error.code === "string" && UNAVAILABLE_CODES.has(error.code)) return true;
  if (/connection terminated|timeout exceeded when trying to connect|cannot reach database/i.test(error.message))
    return true;
  return isUnavailable(error.cause);
}

/** Turns whatever was thrown into the error a client may see; what was not expected becomes INTERNAL. */
export function toDomainError(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  if (error instanceof z.ZodError) return validationError(error);
  if (error instanceof TRPCError) {
    if (error.cause instanceof DomainError || error.cause instanceof z.ZodError) return toDomainError(error.cause);
    const code = TRPC_CODES[error.code];
    if (code) return new DomainError(code, {}, { cause: error });
    return new DomainError(
      isUnavailable(error.cause) ? "UNAVAILABLE" : "INTERNAL",
      {},
      { cause: error.cause ?? error },
    );
  }
  return new DomainError(isUnavailable(error) ? "UNAVAILABLE" : "INTERNAL", {}, { cause: error });
}

/** Failures of ours are logged whole, under the id the client is given; what is only lacking for now, in one line. */
export function logFailure(error: DomainError, requestId: string): void {
  if (error.status < 500) return;
  const { code, cause } = error;
  if (cause !== undefined || code === "INTERNAL")
    log.error({ event: "request.failed", requestId, code, err: cause ?? error });
  else log.warn({ event: "request.unavailable", requestId, code });
}

/** The response for an error. */
export function errorResponse(error: unknown, requestId: string): Response {
  const mapped = toDomainError(error);
  logFailure(mapped, requestId);
  const headers = new Headers({ "x-request-id": requestId, "cache-control": "no-store" });
  const retryAfter = mapped.details.retryAfterSeconds;
  if (typeof retryAfter === "number") headers.set("retry-after", String(retryAfter));
  else if (mapped.status === 503) headers.set("retry-after", "2");
  return Response.json(toWireError(mapped, requestId), { status: mapped.status, headers });
}
