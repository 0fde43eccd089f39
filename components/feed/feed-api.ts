import { z } from "zod";

const refusal = z.object({ error: z.object({ code: z.string(), request_id: z.string().optional() }) });

/** An answer of the server that is not the one hoped for. Without an answer at all `fetch` throws its own error. */
export class FeedRefusal extends Error {
  override readonly name = "FeedRefusal";
  readonly status: number;
  readonly code: string;
  readonly requestId: string | undefined;

  constructor(status: number, code: string, requestId?: string) {
    super(code);
    this.status = status;
    this.code = code;
    this.requestId = requestId;
  }
}

/** Calls a REST door and checks the shape of what comes back. */
export async function callFeedApi<Output>(
  path: string,
  output: z.ZodType<Output>,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Output> {
  const response = await fetch(`/api/v1${path}`, {
    ...(body === undefined
      ? { headers }
      : { method: "POST", headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) }),
    keepalive: body !== undefined,
  });
  const answer: unknown = await response.json().catch(() => null);
  if (response.ok) return output.parse(answer);
  const read = refusal.safeParse(answer).data?.error;
  throw new FeedRefusal(response.status, read?.code ?? "UNAVAILABLE", read?.request_id);
}
