import type { z } from "zod";
import { DomainError } from "#core/errors.ts";
import { leaseReport } from "#core/schemas/job-protocol.ts";
import {
  attestationRequest,
  eventsRequest,
  heartbeatRequest,
  joinRequest,
  pollRequest,
  receiptSignatureRequest,
} from "#core/schemas/node-protocol.ts";
import { challengeAnswer } from "#core/schemas/trust.ts";
import { authenticateNode, type NodeIdentity, type NodeMessage } from "#server/compute/authenticate-node.ts";
import { reportLease } from "#server/compute/jobs/report-lease.ts";
import { joinNode } from "#server/compute/join-node.ts";
import { pollWork } from "#server/compute/poll-work.ts";
import { getNodeAccount } from "#server/compute/provider-summary.ts";
import { receiveEvents } from "#server/compute/receive-events.ts";
import { recordHeartbeat } from "#server/compute/record-heartbeat.ts";
import { countersignReceipt } from "#server/compute/sign-receipt.ts";
import { TIMING } from "#server/compute/timing.ts";
import { attestationNonce, attestNode } from "#server/compute/trust/attest-node.ts";
import { receiveMemoryProof } from "#server/compute/trust/memory.ts";
import { answerWithId, openDoor, peerAddress } from "./door.ts";
import { consumeRateLimit } from "./rate-limit.ts";
import { parseJson, readText } from "./request-body.ts";

const BODY_BYTES_MAX = 2 * 1024 * 1024;
const heartbeatSeconds = TIMING.heartbeatEveryMs / 1000;

async function readMessage(request: Request): Promise<NodeMessage> {
  const body = await readText(request, BODY_BYTES_MAX);
  return { method: request.method, path: new URL(request.url).pathname, headers: request.headers, body };
}

function parseBody<Schema extends z.ZodType>(schema: Schema, body: string): z.output<Schema> {
  return schema.parse(parseJson(body));
}

/**
 * A door for nodes: the signature over the exact body is checked before the body is read as anything. Nodes at work
 * send many messages, so the limit for visitors does not apply; each message costs its sender a fresh signature.
 */
function nodeDoor<Schema extends z.ZodType>(
  schema: Schema,
  work: (node: NodeIdentity, input: z.output<Schema>, request: Request) => Promise<object>,
) {
  return (request: Request): Promise<Response> =>
    answerWithId(request, "worker", async () => {
      try {
        const message = await readMessage(request);
        const node = await authenticateNode(message);
        return Response.json(await work(node, parseBody(schema, message.body), request));
      } catch (error) {
        throw await chargeStranger(request, error);
      }
    });
}

/** Who could not show to be a node falls under the limit for strangers. */
async function chargeStranger(request: Request, error: unknown): Promise<unknown> {
  if (!(error instanceof DomainError) || error.status !== 401) return error;
  try {
    await consumeRateLimit("anonymous", peerAddress(request));
    return error;
  } catch (limited) {
    return limited;
  }
}

/** A stranger becomes a node; guessing tokens falls under the limit of sign-ins. */
export function handleJoin(request: Request): Promise<Response> {
  return openDoor(request, { name: "worker-join", strangers: "auth" }, async () => {
    const message = await readMessage(request);
    const { nodeId } = await joinNode(message, parseBody(joinRequest, message.body));
    return Response.json({ nodeId, heartbeatSeconds });
  });
}

export const handleHeartbeat = nodeDoor(heartbeatRequest, async (node, input, request) => {
  await recordHeartbeat(node, input, peerAddress(request));
  return {
    heartbeatSeconds,
    ...(input.wantsAccount ? { account: await getNodeAccount(node) } : {}),
    ...(input.wantsNonce ? { nonce: attestationNonce(node.nodeId) } : {}),
  };
});
export const handlePoll = nodeDoor(pollRequest, (node, input, request) => pollWork(node, input, request.signal));
export const handleLeaseReport = nodeDoor(leaseReport, (node, input) => reportLease(node, input));
export const handleChallengeAnswer = nodeDoor(challengeAnswer, (node, input) => receiveMemoryProof(node, input));
export const handleAttestation = nodeDoor(attestationRequest, (node, input) => attestNode(node, input));
export const handleNodeEvents = nodeDoor(eventsRequest, (node, input) => receiveEvents(node, input));
export const handleReceiptSignature = nodeDoor(receiptSignatureRequest, (node, input) =>
  countersignReceipt(node, input),
);
