import { mkdir, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { dirname } from "node:path";
import { ZodError } from "zod";
import { DomainError } from "#core/errors.ts";
import { toSignerJson } from "#core/schemas/signer.ts";
import { log } from "#server/log.ts";
import type { KeyRing } from "./key-ring.ts";
import { callMethod, isSignerMethod } from "./methods.ts";

const BODY_BYTES_MAX = 512 * 1024;

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > BODY_BYTES_MAX) throw new DomainError("PAYLOAD_TOO_LARGE");
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch (cause) {
    throw new DomainError("BAD_REQUEST", {}, { cause });
  }
}

/** What leaves as an error: codes of the table. Anything unexpected is logged here and leaves without its text. */
function describeFailure(error: unknown, method: string): { code: string; details: Record<string, unknown> } {
  if (error instanceof DomainError) return { code: error.code, details: { ...error.details } };
  if (error instanceof ZodError) {
    const issues = error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    return { code: "VALIDATION_FAILED", details: { issues } };
  }
  log.error({ err: error, method }, "the signer failed");
  return { code: "INTERNAL", details: {} };
}

async function answer(keys: KeyRing, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const method = (request.url ?? "").slice(1);
  const startedAtMs = performance.now();
  let reply: unknown;
  try {
    if (request.method !== "POST" || !isSignerMethod(method)) throw new DomainError("NOT_FOUND");
    reply = { ok: true, result: await callMethod(keys, method, await readBody(request)) };
  } catch (error) {
    const described = describeFailure(error, method);
    log.info({ method: method.slice(0, 64), code: described.code }, "the signer refused");
    reply = { ok: false, error: described };
  }
  log.debug({ method: method.slice(0, 64), ms: performance.now() - startedAtMs }, "answered");
  response.writeHead(200, { "content-type": "application/json" }).end(toSignerJson(reply));
}

const isAnswering = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = connect(path, () => {
      probe.destroy();
      resolve(true);
    });
    probe.once("error", () => resolve(false));
  });

/** Listens on the socket, which only this user may open. A socket file that nobody answers at is replaced. */
export async function listen(keys: KeyRing, path: string): Promise<Server> {
  await mkdir(dirname(path), { recursive: true });
  if (await isAnswering(path)) throw new Error(`A signer is running already: ${path} answers. Stop that one first.`);
  await rm(path, { force: true });
  const server = createServer((request, response) => void answer(keys, request, response));
  const maskBefore = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(path, resolve);
    });
  } finally {
    process.umask(maskBefore);
  }
  return server;
}
