import { Agent, request } from "node:http";

export type Target = { url: string; headers: Record<string, string>; model: string };
/** Milliseconds: to the first token, to the end, and for each token from its writing to its arrival. */
export type Streamed = { firstMs: number; totalMs: number; heldMs: number[] };
export type Pace = { first: number; every: number; tokens: number };

const agent = new Agent({ keepAlive: true, maxSockets: 1_000 });
const now = () => process.hrtime.bigint() / 1000n;
const toMs = (micros: bigint): number => Number(micros) / 1000;

/** Asks for one streamed completion and reads it as it comes. Fails when tokens are missing. */
export function streamOnce(target: Target, pace: Pace): Promise<Streamed> {
  const { first, every, tokens } = pace;
  const body = JSON.stringify({
    model: target.model,
    stream: true,
    max_tokens: 100_000,
    messages: [{ role: "user", content: `first=${first} every=${every} tokens=${tokens}` }],
  });
  const url = new URL(target.url);
  const startedAt = now();
  return new Promise<Streamed>((resolve, reject) => {
    const heldMs: number[] = [];
    let firstAt = 0n;
    let tail = "";
    const sent = request(
      {
        agent,
        host: url.hostname,
        port: url.port,
        path: url.pathname,
        method: "POST",
        headers: {
          "content-type": "application/json",
          "content-length": Buffer.byteLength(body),
          ...target.headers,
        },
      },
      (response) => {
        response.setEncoding("utf8");
        response.on("data", (text: string) => {
          const at = now();
          tail += text;
          for (const [, written = "0"] of tail.matchAll(/@(\d+) /g)) {
            if (firstAt === 0n) firstAt = at;
            heldMs.push(toMs(at - BigInt(written)));
          }
          // A token that was cut in two is read again with its rest.
          const cut = tail.lastIndexOf("@");
          tail = cut >= 0 && !/@\d+ /.test(tail.slice(cut)) ? tail.slice(cut) : tail.slice(-200).replaceAll("@", "");
        });
        response.on("error", reject);
        response.on("end", () => {
          const endedAt = now();
          if (response.statusCode !== 200) reject(new Error(`${target.url} answered ${response.statusCode}: ${tail}`));
          else if (heldMs.length !== tokens)
            reject(new Error(`${target.url} delivered ${heldMs.length} of ${tokens} tokens: ${tail}`));
          else resolve({ firstMs: toMs(firstAt - startedAt), totalMs: toMs(endedAt - startedAt), heldMs });
        });
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}
