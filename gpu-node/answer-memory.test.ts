import { expect, it } from "vitest";
import { sha256Hex, toBase64 } from "../core/node-signature.ts";
import { canonicalQuestion, plainChat } from "../core/question.ts";
import { canonicalJson, type ReceiptBody, verifyNodeReceipt } from "../core/receipt.ts";
import { createAnswerMemory } from "./answer-memory.ts";

const question = plainChat([{ role: "user", content: "hi" }]);
const prices = { inputPrice: "100000", outputPrice: "400000" };
const answer = "Hello, größe!";

async function setUp() {
  const pair = (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as CryptoKeyPair;
  const publicKey = toBase64(new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey)));
  const identity = { publicKey, privateKey: pair.privateKey, nodeIdAt: () => null, remember: () => Promise.resolve() };
  const memory = createAnswerMemory(identity);
  const work = {
    attemptId: "att_1",
    gateway: "gw",
    model: "m",
    question,
    prefix: "",
    maxTokens: 9,
    temperature: 1,
    topP: 1,
    seed: null,
    frequencyPenalty: 0,
    presencePenalty: 0,
    logprobs: null,
  };
  await memory.remember(work, answer, prices);
  const delivered = "Hello, gr";
  const body: ReceiptBody = {
    version: 1,
    id: "rcp_1",
    inferenceId: "inf_1",
    reservationId: "rsv_1",
    model: "m",
    counting: "utf8-bytes/4",
    promptHash: await sha256Hex(canonicalQuestion(question)),
    answerHash: await sha256Hex(delivered),
    promptTokens: 5,
    completionTokens: 3,
    finishReason: "cancelled",
    segments: [
      {
        nodeId: "node_1",
        nodePublicKey: publicKey,
        attemptId: "att_1",
        ...prices,
        completionTokens: 3,
        answerBytes: delivered.length,
        answerHash: await sha256Hex(delivered),
      },
    ],
    asset: "USD",
    charged: "3",
    platformFee: "0",
    reserved: "50",
    startedAt: "2026-11-22T00:00:00.000Z",
    finishedAt: "2026-11-22T00:00:01.000Z",
  };
  return { memory, body, publicKey };
}

it("signs a receipt for what it said up to where it was delivered", async () => {
  const { memory, body, publicKey } = await setUp();
  const signed = await memory.sign(canonicalJson(body));
  expect(signed).toHaveProperty("signature");
  expect("signature" in signed && (await verifyNodeReceipt(body, publicKey, signed.signature))).toBe(true);
});

it("does not sign another prompt, another answer, another price or an answer it does not know", async () => {
  const { memory, body } = await setUp();
  const other = await sha256Hex("other");
  const [segment] = body.segments;
  const wrong: ReceiptBody[] = [
    { ...body, promptHash: other },
    ...[{ answerHash: other }, { outputPrice: "1" }, { attemptId: "att_2" }, { nodePublicKey: other }].map(
      (change) => ({
        ...body,
        segments: segment ? [{ ...segment, ...change }] : [],
      }),
    ),
  ];
  for (const one of wrong) expect(await memory.sign(canonicalJson(one))).toHaveProperty("refused");
  // The same content in another text is not what a checker would hash.
  expect(await memory.sign(JSON.stringify(body))).toHaveProperty("refused");
});
