import { DomainError } from "#core/errors.ts";
import { NODE_HEADERS } from "#core/node-signature.ts";
import { blobId, isJobOver, jobIdInput } from "#core/schemas/job.ts";
import { blobUploadHeader } from "#core/schemas/job-protocol.ts";
import { authenticateNode } from "#server/compute/authenticate-node.ts";
import { onWake } from "#server/compute/hub.ts";
import { openArtifact, openBlobForNode, receiveBlob, uploadBlob } from "#server/compute/jobs/blobs.ts";
import { getJob } from "#server/compute/jobs/get-job.ts";
import { readLog } from "#server/compute/jobs/job-logs.ts";
import { jobChannel } from "#server/compute/jobs/report-lease.ts";
import { assertScope } from "#server/identity/assert-scope.ts";
import { answerWithId, openDoor } from "./door.ts";
import { parseJson } from "./request-body.ts";

const LEASE_HEADER = "x-converge-lease";
const LOOK_MS = 2_000;
const PING_MS = 15_000;

function bodyOf(request: Request): ReadableStream<Uint8Array> {
  if (!request.body) throw new DomainError("BAD_REQUEST", { message: "The request has no body." });
  return request.body;
}

/** `POST /api/v1/blobs`: a file as the raw body; its name is its SHA-256. */
export function handleBlobUpload(request: Request): Promise<Response> {
  return openDoor(request, { name: "blobs" }, async ({ actor }) => {
    if (!actor) throw new DomainError("UNAUTHENTICATED");
    assertScope(actor, "jobs:write");
    return Response.json(await uploadBlob(actor, bodyOf(request)));
  });
}

const download = (body: ReadableStream<Uint8Array>, bytes: number, headers: Record<string, string> = {}) =>
  new Response(body, {
    headers: { "content-type": "application/octet-stream", "content-length": String(bytes), ...headers },
  });

/** `GET /api/v1/jobs/{id}/artifacts/{path}`. */
export function handleArtifact(request: Request): Promise<Response> {
  return openDoor(request, { name: "artifact" }, async ({ actor }) => {
    if (!actor) throw new DomainError("UNAUTHENTICATED");
    const [, id = "", path = ""] = /\/jobs\/([^/]+)\/artifacts\/(.+)$/.exec(new URL(request.url).pathname) ?? [];
    const artifact = await openArtifact(actor, { ...jobIdInput.parse({ id }), path: decodeURIComponent(path) });
    const name = path.split("/").at(-1) ?? "file";
    return download(artifact.body, artifact.bytes, {
      // A file somebody's program wrote is never shown as a page of ours.
      "content-disposition": `attachment; filename*=UTF-8''${name}`,
      "content-security-policy": "sandbox",
      etag: `"${artifact.blob}"`,
    });
  });
}

/** `GET /api/v1/jobs/{id}/log/stream`: the log live, from `?from=` or Last-Event-ID on, until the job is over. */
export function handleLogStream(request: Request): Promise<Response> {
  return openDoor(request, { name: "job-log" }, async ({ actor }) => {
    if (!actor) throw new DomainError("UNAUTHENTICATED");
    assertScope(actor, "jobs:write");
    const url = new URL(request.url);
    const [, id = ""] = /\/jobs\/([^/]+)\/log\/stream$/.exec(url.pathname) ?? [];
    const job = await getJob(actor, jobIdInput.parse({ id }));
    const start = Number(request.headers.get("last-event-id") ?? url.searchParams.get("from") ?? 0);
    if (!Number.isSafeInteger(start) || start < 0)
      throw new DomainError("VALIDATION_FAILED", { param: "from", message: "from is a byte of the log, from 0 on." });
    const lines = followLog(
      { id: job.id, from: start, isOver: async () => isJobOver((await getJob(actor, { id: job.id })).status) },
      request.signal,
    );
    return new Response(toStream(lines), {
      headers: {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-cache, no-transform",
        "x-accel-buffering": "no",
      },
    });
  });
}

type Followed = { id: string; from: number; isOver: () => Promise<boolean> };

async function* followLog({ id, from, isOver }: Followed, signal: AbortSignal): AsyncGenerator<string> {
  let next = from;
  let saidAt = Date.now();
  let wake = () => {};
  const forget = onWake(jobChannel(id), () => wake());
  try {
    while (!signal.aborted) {
      // Asked before the log is read: what is written before a job is over is read after this says so.
      const over = await isOver();
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, LOOK_MS).unref();
      });
      const { pieces, next: reached } = await readLog(id, next);
      for (const piece of pieces) {
        const end = piece.at + Buffer.byteLength(piece.text);
        yield `id: ${end}\nevent: log\ndata: ${JSON.stringify(piece)}\n\n`;
        saidAt = Date.now();
      }
      const isAll = reached === next;
      next = reached;
      if (over && isAll) return yield `event: end\ndata: {}\n\n`;
      if (!isAll) continue;
      if (Date.now() - saidAt > PING_MS) {
        yield ": still here\n\n";
        saidAt = Date.now();
      }
      await woken;
    }
  } finally {
    forget();
  }
}

function toStream(lines: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await lines.next();
        if (done) controller.close();
        else controller.enqueue(encoder.encode(value));
      },
      async cancel() {
        await lines.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}

const blobOf = (request: Request): string =>
  blobId.parse(`sha256:${new URL(request.url).pathname.split("/").at(-1) ?? ""}`);

/** `GET /api/worker/blobs/{sha256}`: a node fetches what its lease takes in. Signed with an empty body. */
export function handleNodeBlob(request: Request): Promise<Response> {
  return answerWithId(request, "worker-blob", async () => {
    const path = new URL(request.url).pathname;
    const node = await authenticateNode({ method: "GET", path, headers: request.headers, body: "" });
    const { body, bytes } = await openBlobForNode(node, blobOf(request));
    return download(body, bytes);
  });
}

/**
 * `PUT /api/worker/blobs/{sha256}`: a node brings what its lease made. The lease's header is signed in place of the
 * body, whose hash is the address itself: nothing needs to be held to be checked.
 */
export function handleNodeUpload(request: Request): Promise<Response> {
  return answerWithId(request, "worker-blob", async () => {
    const header = Buffer.from(request.headers.get(LEASE_HEADER) ?? "", "base64url").toString("utf8");
    const path = new URL(request.url).pathname;
    if (!request.headers.get(NODE_HEADERS.node)) throw new DomainError("NODE_UNKNOWN");
    const node = await authenticateNode({ method: "PUT", path, headers: request.headers, body: header });
    const { leaseId } = blobUploadHeader.parse(parseJson(header));
    return Response.json(await receiveBlob(node, { leaseId, blob: blobOf(request), body: bodyOf(request) }));
  });
}
