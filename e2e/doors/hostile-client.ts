import { Agent, type IncomingHttpHeaders, request } from "node:http";
import { connect } from "node:net";
import { expect } from "@playwright/test";

export const BASE_URL = new URL(process.env.BASE_URL ?? "http://localhost:3000");
const port = Number(BASE_URL.port || 80);
const agent = new Agent({ keepAlive: true, maxSockets: 8 });

export type Reply = { status: number; headers: IncomingHttpHeaders; text: string };
export type Hostile = {
  method?: string;
  path: string;
  headers?: Record<string, string | string[]>;
  body?: string | Buffer;
  /** Sends the body without a length, in pieces. */
  isChunked?: boolean;
  /** The address the connection comes from: strangers are counted by it. */
  from?: string;
};

let lastAddress = 0;
/**
 * An address of the loopback network for a stranger of its own, so that one test's requests are not counted against
 * another's. Only Linux answers to the whole network; elsewhere everybody is 127.0.0.1 and waits their turn.
 */
export function strangerAddress(): string {
  if (process.platform !== "linux") return "127.0.0.1";
  lastAddress += 1;
  return `127.${1 + (process.pid % 250)}.${Math.floor(lastAddress / 250) % 250}.${1 + (lastAddress % 250)}`;
}

/** Sends exactly what it is told: no normalised path, no header of its own but Host and the body's length. */
export function send({ method = "GET", path, headers = {}, body, isChunked = false, from }: Hostile): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const length = body === undefined || isChunked ? {} : { "content-length": String(Buffer.byteLength(body)) };
    const outgoing = request(
      {
        host: "127.0.0.1",
        family: 4,
        port,
        method,
        path,
        headers: { host: BASE_URL.host, ...length, ...headers },
        ...(from === undefined ? { agent } : { localAddress: from, agent: false }),
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("error", reject);
        incoming.on("end", () =>
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            text: Buffer.concat(chunks).toString("utf8"),
          }),
        );
      },
    );
    outgoing.on("error", reject);
    if (isChunked && body !== undefined) outgoing.write(body);
    outgoing.end(isChunked ? undefined : body);
  });
}

/** Writes bytes to the socket as they are and reads until the server closes it or has said nothing for a moment. */
export function sendRaw(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect({ host: "127.0.0.1", port }, () => socket.write(bytes));
    socket.setTimeout(3_000, () => socket.destroy());
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
    });
    // A server that refuses bytes it has not read resets the connection, sometimes before its words arrive.
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "ECONNRESET") reject(error);
    });
    socket.on("close", () => resolve(text));
  });
}

/** Does something with every item, a few at a time. */
export async function withEach<Item>(items: readonly Item[], work: (item: Item) => Promise<unknown>): Promise<void> {
  const rest = [...items].reverse();
  const run = async () => {
    for (let next = rest.pop(); next !== undefined; next = rest.pop()) await work(next);
  };
  await Promise.all([run(), run(), run(), run()]);
}

export const json = (body: unknown): Pick<Hostile, "headers" | "body"> => ({
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

/** What only we may know: where code lies, what it is built on, how it failed. */
const INTERNALS =
  /node_modules|\bat \S+ \(|\.tsx?:\d|\/server\/|prisma|postgres|pg_catalog|ECONNREFUSED|undefined \(reading|is not a function|is not iterable|Unexpected token|SyntaxError|TypeError|INTERNAL/i;

/** The one error shape, with the id that is in the header too, and nothing about our insides. */
export function expectError(reply: Reply, what: string): { code: string; message: string; param: string | null } {
  expect(reply.headers["content-type"], what).toMatch(/^application\/json/);
  const { error } = JSON.parse(reply.text);
  expect(error, what).toEqual({
    type: expect.stringMatching(/_error$|^insufficient_funds$/),
    code: expect.stringMatching(/^[A-Z][A-Z0-9_]+$/),
    message: expect.stringMatching(/\S/),
    param: error.param === null ? null : expect.any(String),
    request_id: expect.stringMatching(/^req_[0-9a-z]{26}$/),
    ...(error.details ? { details: expect.any(Object) } : {}),
  });
  expect(reply.headers["x-request-id"], what).toBe(error.request_id);
  expect(reply.text, what).not.toMatch(INTERNALS);
  return error;
}

/** A hostile request is the sender's error: 4xx, told in the one shape. */
export function expectRefused(reply: Reply, what: string): { code: string; message: string; param: string | null } {
  expect(reply.status, `${what}\n${reply.text.slice(0, 600)}`).toBeGreaterThanOrEqual(400);
  expect(reply.status, `${what}\n${reply.text.slice(0, 600)}`).toBeLessThan(500);
  return expectError(reply, what);
}
