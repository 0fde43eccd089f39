import { DomainError } from "#core/errors.ts";
import { guardedAgent } from "#server/compute/direct/guarded-agent.ts";

const ANSWER_BYTES_MAX = 1_048_576;
const SECONDS_MAX = 30;

export type SellersAnswer = { status: number; type: string | null; headers: Record<string, string>; text: string };
type Asked = {
  url: string;
  method: string;
  body: string | null;
  headers?: Record<string, string>;
  signal?: AbortSignal;
};

/**
 * Asks a stranger's server, as bounded as a stranger has to be: only addresses that the platform connects to, no
 * redirects, so much time and so many bytes.
 */
export async function askSeller({ url, method, body, headers = {}, signal }: Asked): Promise<SellersAnswer> {
  const { origin, pathname, search } = new URL(url);
  const timeout = AbortSignal.timeout(SECONDS_MAX * 1_000);
  try {
    const response = await guardedAgent().request({
      origin,
      path: `${pathname}${search}`,
      method: method === "POST" ? "POST" : "GET",
      headers: {
        accept: "application/json, text/*;q=0.9, */*;q=0.1",
        "accept-encoding": "identity",
        ...(body === null ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      body,
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      headersTimeout: SECONDS_MAX * 1_000,
      bodyTimeout: SECONDS_MAX * 1_000,
    });
    // A body that is left before its end says so in an error; unheard, it would end the process.
    response.body.on("error", () => undefined);
    const pieces: Buffer[] = [];
    let size = 0;
    for await (const piece of response.body) {
      pieces.push(piece);
      size += piece.length;
      if (size > ANSWER_BYTES_MAX) throw new Error("The answer is too long.");
    }
    const sent = Object.entries(response.headers).map(([name, value]) => [name, [value].flat().join(", ")] as const);
    return {
      status: response.statusCode,
      type: sent.find(([name]) => name === "content-type")?.[1] ?? null,
      headers: Object.fromEntries(sent),
      // NUL is no text to a database.
      text: Buffer.concat(pieces).toString("utf8").replaceAll("\u0000", ""),
    };
  } catch (cause) {
    throw new DomainError("SELLER_UNREACHABLE", {}, { cause });
  }
}
