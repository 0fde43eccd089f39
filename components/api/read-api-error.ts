import { z } from "zod";
import { errorStatus, isErrorCode } from "#core/errors.ts";

const wireSchema = z.object({
  code: z.string(),
  message: z.string(),
  request_id: z.string().optional(),
  param: z.string().nullish(),
  details: z.record(z.string(), z.unknown()).optional(),
});
const trpcSchema = z.object({ data: z.object({ error: wireSchema }) });
const restSchema = z.object({ error: wireSchema });

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

/** Reads the one error shape from whatever carried it: tRPC, REST, or a connection that never came about. */
export function readApiError(error: unknown): ReadableError {
  const wire = trpcSchema.safeParse(error).data?.data.error ?? restSchema.safeParse(error).data?.error;
  if (!wire) return NETWORK;
  return {
    code: wire.code,
    message: wire.message,
    requestId: wire.request_id,
    param: wire.param ?? undefined,
    fix: typeof wire.details?.fix === "string" ? wire.details.fix : undefined,
    isTransient: !isErrorCode(wire.code) || errorStatus(wire.code) >= 500,
  };
}
