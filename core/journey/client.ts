import type { z } from "zod";
import { wireErrorSchema } from "../api-error.ts";
import type { JourneyPorts, JourneyRequest } from "./ports.ts";

/** An answer that was not the one the walk asked for, in the platform's own words. */
export class JourneyError extends Error {
  override readonly name = "JourneyError";
  readonly code: string;
  readonly details: Record<string, unknown>;
  /** What happened, for a person; the message adds what somebody would quote. */
  readonly sentence: string;
  readonly requestId: string | undefined;

  constructor(code: string, sentence: string, details: Record<string, unknown> = {}, requestId?: string) {
    super(requestId === undefined ? sentence : `${sentence} (${code}, ${requestId})`);
    this.code = code;
    this.details = details;
    this.sentence = sentence;
    this.requestId = requestId;
  }
}

export function readError(status: number, body: unknown): JourneyError {
  const parsed = wireErrorSchema.safeParse(body);
  if (!parsed.success) return new JourneyError("UNREADABLE", `The answer was ${status} and not in the error shape.`);
  const { code, message, request_id, details } = parsed.data.error;
  return new JourneyError(code, message, details ?? {}, request_id);
}

/** Calls the API and reads the answer by its schema: what is not as documented fails the walk. */
export async function call<Schema extends z.ZodType>(
  ports: JourneyPorts,
  request: JourneyRequest,
  schema: Schema,
): Promise<z.output<Schema>> {
  const response = await ports.request(request);
  if (response.status >= 400) throw readError(response.status, response.body);
  return schema.parse(response.body);
}

/** Calls the API expecting a refusal, and answers it; an acceptance fails the walk. */
export async function callRefused(ports: JourneyPorts, request: JourneyRequest): Promise<JourneyError> {
  const response = await ports.request(request);
  if (response.status < 400)
    throw new JourneyError("NOT_REFUSED", `${request.method} ${request.path} was accepted and should not have been.`);
  return readError(response.status, response.body);
}

const POLL_MS = 150;

/** Asks again and again until the answer is there; says what it waited for when the time is over. */
export async function until<Value>(what: string, ask: () => Promise<Value | null>, timeoutMs = 45_000): Promise<Value> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await ask();
    if (value !== null) return value;
    if (Date.now() > deadline)
      throw new JourneyError("TIMED_OUT", `${what} did not happen within ${timeoutMs / 1000} s.`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
