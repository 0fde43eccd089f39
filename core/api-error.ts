import { z } from "zod";
import type { DomainError } from "./errors.ts";

/** The one error shape of every door. Its first four fields are the ones OpenAI's clients read. */
export const wireErrorSchema = z.object({
  error: z.object({
    type: z.enum([
      "invalid_request_error",
      "authentication_error",
      "permission_error",
      "insufficient_funds",
      "rate_limit_error",
      "api_error",
    ]),
    code: z.string(),
    message: z.string(),
    param: z.string().nullable(),
    request_id: z.string(),
    details: z.record(z.string(), z.unknown()).optional(),
  }),
});

export type WireError = z.infer<typeof wireErrorSchema>;

function errorType(status: number): WireError["error"]["type"] {
  if (status === 401) return "authentication_error";
  if (status === 402) return "insufficient_funds";
  if (status === 403) return "permission_error";
  if (status === 429) return "rate_limit_error";
  return status >= 500 ? "api_error" : "invalid_request_error";
}

/** What a client is told about an error: its code, a sentence, and the id under which the log has the rest. */
export function toWireError(error: DomainError, requestId: string): WireError {
  const { message: _message, param, ...details } = error.details;
  return {
    error: {
      type: errorType(error.status),
      code: error.code,
      message: error.message,
      param: typeof param === "string" ? param : null,
      request_id: requestId,
      ...(Object.keys(details).length > 0 ? { details: toJson(details) } : {}),
    },
  };
}

/** Amounts inside details travel as decimal strings, like all amounts. */
function toJson(value: { [key: string]: unknown }): Record<string, unknown> {
  return JSON.parse(JSON.stringify(value, (_key, item) => (typeof item === "bigint" ? item.toString() : item)));
}
