import { z } from "zod";
import {
  createDeviceKey,
  deviceRegistrationBytes,
  exportDeviceKey,
  FIRST_PREVIOUS_HASH,
  signEventBatch,
  signWithDevice,
} from "../event-batch.ts";
import { newId } from "../ids.ts";
import { createdApiKeySchema, meSchema } from "../schemas/identity.ts";
import { campaignsOutput, deviceOutput, ingestOutput } from "../schemas/reward.ts";
import { readCards, seededRandom } from "../simulated-reader.ts";
import { dollars } from "./amounts.ts";
import { call, JourneyError, readError } from "./client.ts";
import type { JourneyPorts } from "./ports.ts";
import { type JourneyState, type JourneyStep, recall } from "./walk.ts";

const balanceSchema = z.object({ available: z.object({ units: z.string() }) });

export async function readAvailable(ports: JourneyPorts): Promise<bigint> {
  const { available } = await call(ports, { method: "GET", path: "/api/v1/balance" }, balanceSchema);
  return BigInt(available.units);
}

const signIn: JourneyStep = {
  name: "sign-in",
  title: "Sign in with a passkey",
  behind:
    "WebAuthn registration; the server keeps a session row and the public point that will own the person's account.",
  async run(ports, state) {
    await ports.signIn();
    const me = await call(ports, { method: "GET", path: "/api/v1/me" }, meSchema);
    state.set("userId", me.id);
    return { user: me.id, passkeys: me.passkeys.length };
  },
};

const BATCHES = 4;
const CARDS_A_BATCH = 100;

const earn: JourneyStep = {
  name: "earn",
  title: "Earn by scrolling",
  behind:
    "A device key that cannot leave the device signs batches of events; each event counts once, each batch is one posting.",
  async run(ports, state) {
    const { data } = await call(ports, { method: "GET", path: "/api/v1/rewards/campaigns" }, campaignsOutput);
    const campaign = data.find(({ status }) => status === "active");
    if (!campaign) throw new JourneyError("NO_CAMPAIGN", "No campaign is running.");
    const keys = await createDeviceKey();
    const publicKey = await exportDeviceKey(keys.publicKey);
    const signature = await signWithDevice(
      keys.privateKey,
      deviceRegistrationBytes(recall(state, "userId"), publicKey),
    );
    const device = await call(
      ports,
      { method: "POST", path: "/api/v1/devices", body: { name: "The journey's phone", publicKey, signature } },
      deviceOutput,
    );
    // A phone that was offline for an hour sends what it kept, batch by batch.
    const random = seededRandom(Date.now() % 2 ** 31);
    const now = Date.now();
    let previousHash = FIRST_PREVIOUS_HASH;
    let credited = 0n;
    let accepted = 0;
    let isCapReached = false;
    for (let sequence = 1; sequence <= BATCHES; sequence++) {
      const endsAtMs = now - (BATCHES - sequence) * 15 * 60_000;
      const events = readCards({ itemIds: campaign.itemIds, cards: CARDS_A_BATCH, endsAtMs, random });
      const { signed, hash } = await signEventBatch(keys.privateKey, {
        deviceId: device.id,
        campaignId: campaign.id,
        sequence,
        previousHash,
        events,
      });
      const answer = await call(ports, { method: "POST", path: "/api/v1/events", body: signed }, ingestOutput);
      credited += BigInt(answer.credited.units);
      accepted += answer.events.filter(({ status }) => status === "accepted").length;
      isCapReached ||= answer.withheldReason === "USER_CAP";
      previousHash = hash;
    }
    if (credited === 0n) {
      throw isCapReached
        ? new JourneyError("CAP_REACHED", "This person has earned all that the campaign pays one person in a day.")
        : new JourneyError("NOTHING_EARNED", "The events were accepted and nothing was credited.");
    }
    state.set("earned", credited.toString());
    return { device: device.id, events: accepted, batches: BATCHES, credited: dollars(credited) };
  },
};

const seeBalance: JourneyStep = {
  name: "balance",
  title: "See the balance move",
  behind: "The balance is the sum of append-only postings; what was credited is there to spend.",
  async run(ports, state) {
    const available = await readAvailable(ports);
    if (available < BigInt(recall(state, "earned")))
      throw new JourneyError("BALANCE_WRONG", "The balance is below what was credited.");
    state.set("balanceBeforeSpending", available.toString());
    return { available: dollars(available) };
  },
};

const chunkSchema = z.object({
  choices: z.array(z.object({ delta: z.object({ content: z.string().nullish() }).optional() })),
  usage: z.object({ prompt_tokens: z.number(), completion_tokens: z.number() }).nullish(),
});
const chargedSchema = z.object({
  body: z.object({ charged: z.string(), segments: z.array(z.object({ nodeId: z.string() })) }),
});

export const INFERENCE_MODEL = "converge/tiny-1";

/** Streams one completion with a key, as any OpenAI client does, and reads its receipt. */
export async function streamCompletion(ports: JourneyPorts, apiKey: string, prompt: string) {
  const authorization = `Bearer ${apiKey}`;
  const startedAt = performance.now();
  const response = await ports.open({
    method: "POST",
    path: "/api/v1/chat/completions",
    headers: { authorization },
    body: {
      model: INFERENCE_MODEL,
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: 48,
      messages: [{ role: "user", content: prompt }],
    },
  });
  if (!response.ok || !response.body) throw readError(response.status, await response.json().catch(() => null));
  let text = "";
  let firstTokenMs = 0;
  let usage: { prompt_tokens: number; completion_tokens: number } | undefined;
  let pending = "";
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    pending += decoder.decode(value, { stream: true });
    const lines = pending.split("\n");
    pending = lines.pop() ?? "";
    for (const line of lines) {
      if (!line.startsWith("data: ") || line === "data: [DONE]") continue;
      const chunk = chunkSchema.parse(JSON.parse(line.slice(6)));
      const delta = chunk.choices[0]?.delta?.content ?? "";
      if (delta && firstTokenMs === 0) firstTokenMs = Math.round(performance.now() - startedAt);
      text += delta;
      usage = chunk.usage ?? usage;
    }
  }
  const receiptId = response.headers.get("x-converge-receipt");
  if (!receiptId || !usage)
    throw new JourneyError("STREAM_INCOMPLETE", "The stream ended without usage or without a receipt.");
  const receipt = await call(
    ports,
    { method: "GET", path: `/api/v1/receipts/${receiptId}`, headers: { authorization } },
    chargedSchema,
  );
  return {
    text: text.trim(),
    firstTokenMs,
    usage,
    receiptId,
    charged: receipt.body.charged,
    node: receipt.body.segments[0]?.nodeId ?? "",
  };
}

export async function createKey(
  ports: JourneyPorts,
  name: string,
  scopes: string[],
  agentId?: string,
): Promise<string> {
  const created = await call(
    ports,
    {
      method: "POST",
      path: "/api/v1/api-keys",
      headers: { "idempotency-key": newId("request") },
      body: { name, scopes, expiresInDays: 1, ...(agentId ? { agentId } : {}) },
    },
    createdApiKeySchema,
  );
  return created.token;
}

const spend: JourneyStep = {
  name: "spend",
  title: "Spend it on a streamed answer",
  behind:
    "Reserve the worst case, stream from a rented node, count the tokens ourselves, capture what was delivered, release the rest; sign a receipt.",
  async run(ports, state: JourneyState) {
    const before = await readAvailable(ports);
    const apiKey = await createKey(ports, "The journey's key", ["inference:write"]);
    const answer = await streamCompletion(ports, apiKey, "What is Converge?");
    const after = await readAvailable(ports);
    if (before - after !== BigInt(answer.charged)) {
      throw new JourneyError(
        "CHARGE_WRONG",
        `The receipt says ${answer.charged}, the balance moved by ${before - after}.`,
      );
    }
    state.set("apiKey", apiKey);
    return {
      answer: answer.text.slice(0, 80),
      tokens: answer.usage.completion_tokens,
      firstTokenMs: answer.firstTokenMs,
      charged: dollars(answer.charged),
      node: answer.node,
      receipt: answer.receiptId,
    };
  },
};

export const EARN_AND_SPEND: JourneyStep[] = [signIn, earn, seeBalance, spend];
