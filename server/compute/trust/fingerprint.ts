import { randomInt } from "node:crypto";
import { newId } from "#core/ids.ts";
import type { Prisma } from "#generated/prisma/client.ts";
import { db } from "#server/db.ts";
import { readCandidates } from "../list-candidates.ts";
import type { Candidate } from "../rank-offers.ts";
import { askNode } from "./ask-node.ts";
import { compareAnswers } from "./compare-answers.ts";
import { chargeDevice, finishChallenge, judgeSpeed, suspendNode, verifyNode } from "./judge-node.ts";
import { newMark } from "./marks.ts";
import { newMarkedPrompt, newPrompt } from "./prompts.ts";

const PROMPTS = 3;
/** Lengths vary, so that none of them gives a test away. */
const TOKENS_MIN = 24;
const TOKENS_MAX = 48;
/** So many of the prompts must be answered otherwise before anybody is suspected. */
const DIFFERENT_MIN = 2;
/** Answers of one model part at a near tie now and then; at more places in one answer, the weights are others. */
const PARTINGS_MAX = 3;

/** `reference` is what the reference itself answered to the prompt. */
type Compared = { prompt: string; answer: string; reference: string; verdict: "same" | "different" | "unknown" };
type Spent = Map<string, number>;
type Exam = { model: string; node: Candidate; spent: Spent; maxTokens: number };

const spend = (spent: Spent, nodeId: string, ms: number): void => {
  spent.set(nodeId, (spent.get(nodeId) ?? 0) + ms);
};

/** Asks and books the time on the node's account. */
async function askAndCharge(spent: Spent, ask: Parameters<typeof askNode>[0]) {
  const startedAt = performance.now();
  const answer = await askNode(ask);
  spend(spent, ask.node.nodeId, performance.now() - startedAt);
  return answer;
}

/**
 * Holds a given answer against a reference's, token by token. Where the two part at a near tie, the reference goes on
 * from what the node said, as long as it can, so that one such place does not hide what follows it.
 */
async function compareWith(
  { model, spent, maxTokens }: Exam,
  reference: Candidate,
  prompt: string,
  answer: string,
): Promise<Compared> {
  let begun = "";
  let own: string | null = null;
  for (let partings = 0; ; partings += 1) {
    const given = await askAndCharge(spent, {
      node: reference,
      model,
      prompt,
      prefix: begun,
      maxTokens,
      withAlternatives: reference.features.includes("logprobs"),
    });
    const compared = (verdict: Compared["verdict"]): Compared => ({ prompt, answer, reference: own ?? "", verdict });
    if (given === null) return compared("unknown");
    own ??= given.text;
    const rest = answer.slice(begun.length);
    // Going on from a prefix, the reference is not held to the limit at which the node had to end.
    const asLong = begun === "" ? given : { ...given, text: given.text.slice(0, rest.length) };
    const { verdict, at } = compareAnswers(asLong, rest);
    if (verdict === "same") return compared("same");
    if (verdict === "different" || partings >= PARTINGS_MAX) return compared("different");
    if (!reference.canContinue || at + 1 >= rest.length) return compared("same");
    begun = answer.slice(0, begun.length + wordEnd(rest, at));
  }
}

/** Where the word that begins or goes on at `at` ends: an answer is continued between words, as tokens mostly are. */
function wordEnd(text: string, at: number): number {
  const end = text.slice(at + 1).search(/[\s.,;:!?]/);
  return end < 0 ? text.length : at + 1 + end;
}

type Round = { compared: Compared[]; different: number; same: number };

async function compareAll(exam: Exam, reference: Candidate, answers: readonly [string, string][]): Promise<Round> {
  const compared: Compared[] = [];
  for (const [prompt, answer] of answers) compared.push(await compareWith(exam, reference, prompt, answer));
  const count = (verdict: Compared["verdict"]) => compared.filter((one) => one.verdict === verdict).length;
  return { compared, different: count("different"), same: count("same") };
}

/**
 * Those whose answers may be held against a node's: of other owners, for the same weights; the operator's own first,
 * then who has shown to be right before. Two nodes of one owner never judge each other, nor both judge a third.
 */
function referencesFor(node: Candidate, candidates: readonly Candidate[]): Candidate[] {
  const standing = (one: Candidate) => (one.isReference ? 0 : one.trust === "verified" ? 1 : 2);
  const owners = new Set([node.ownerId]);
  return candidates
    .filter((one) => one.nodeId !== node.nodeId && one.precision === node.precision && one.inFlight < one.capacity)
    .sort((left, right) => standing(left) - standing(right) || Math.random() - 0.5)
    .filter((one) => {
      if (owners.has(one.ownerId)) return false;
      owners.add(one.ownerId);
      return true;
    });
}

type Verdict = {
  status: "passed" | "failed" | "inconclusive";
  guilty: Candidate | null;
  peers: Candidate[];
  evidence: Round[];
};

/** Compares with one reference, and before anybody is accused with a second, of a third owner. */
async function judge(
  exam: Exam,
  references: readonly Candidate[],
  answers: readonly [string, string][],
): Promise<Verdict> {
  const [reference, arbiter] = references;
  if (!reference) return { status: "inconclusive", guilty: null, peers: [], evidence: [] };
  const first = await compareAll(exam, reference, answers);
  const done = (
    status: Verdict["status"],
    guilty: Candidate | null,
    more: Round[] = [],
    peers = [reference],
  ): Verdict => ({
    status,
    guilty,
    peers,
    evidence: [first, ...more],
  });
  if (first.different < DIFFERENT_MIN) return done(first.same >= DIFFERENT_MIN ? "passed" : "inconclusive", null);
  if (!arbiter) return reference.isReference ? done("failed", exam.node) : done("inconclusive", null);
  const second = await compareAll(exam, arbiter, answers);
  const peers = [reference, arbiter];
  // The arbiter's answers and the node's are one model's: it is the reference that is alone.
  if (second.same >= DIFFERENT_MIN) return done("passed", reference.isReference ? null : reference, [second], peers);
  if (second.different < DIFFERENT_MIN) return done("inconclusive", null, [second], peers);
  // Both differ from the node; only if they agree with each other does one of them know what the model says.
  const between = await compareAll(exam, arbiter, ownAnswers(first));
  return between.same >= DIFFERENT_MIN || reference.isReference
    ? done("failed", exam.node, [second], peers)
    : done("inconclusive", null, [second], peers);
}

const ownAnswers = ({ compared }: Round): [string, string][] =>
  compared.flatMap(({ prompt, reference }): [string, string][] => (reference === "" ? [] : [[prompt, reference]]));

const evidenceOf = (evidence: readonly Round[]): Prisma.InputJsonObject => ({
  rounds: evidence.map(({ compared }) => compared),
});

/** Asks a node some prompts that look like anybody's, and others of the same model what they would have said. */
export async function runFingerprint(nodeId: string, model: string): Promise<void> {
  const candidates = await readCandidates(model);
  const node = candidates.find((one) => one.nodeId === nodeId);
  if (!node) return;
  const spent: Spent = new Map();
  const exam: Exam = { model, node, spent, maxTokens: randomInt(TOKENS_MIN, TOKENS_MAX + 1) };
  await runRelayProbe(exam);
  const probeMs = spent.get(nodeId) ?? 0;
  const references = referencesFor(node, candidates);
  if (node.isReference || references.length === 0) {
    await chargeAll(spent);
    return;
  }
  const { id } = await db.computeChallenge.create({
    data: {
      id: newId("challenge"),
      nodeId,
      kind: "fingerprint",
      status: "running",
      sentAt: new Date(),
      details: { model },
    },
  });
  const answers: [string, string][] = [];
  for (let i = 0; i < PROMPTS; i += 1) {
    const prompt = newPrompt();
    const answer = await askAndCharge(spent, { node, model, prompt, maxTokens: exam.maxTokens });
    if (answer !== null && answer.text !== "") answers.push([prompt, answer.text]);
  }
  const verdict = await judge(exam, references, answers);
  const evidence = verdict.status === "passed" && verdict.guilty === null ? {} : evidenceOf(verdict.evidence);
  await db.computeChallenge.update({ where: { id }, data: { peerIds: verdict.peers.map((peer) => peer.nodeId) } });
  await finishChallenge(id, {
    status: verdict.status,
    deviceMs: (spent.get(nodeId) ?? 0) - probeMs,
    details: { model, prompts: answers.length, ...evidence },
  });
  if (verdict.guilty) await suspendNode(verdict.guilty.nodeId, "wrong-model", { challengeId: id, model });
  if (verdict.status === "passed") await verifyNode(nodeId);
  await chargeAll(spent);
}

/** One request with a name in it that only this node is told; it measures the node's speed, too. */
async function runRelayProbe({ node, model, spent, maxTokens }: Exam): Promise<void> {
  const { mark, name } = newMark();
  const id = newId("challenge");
  await db.computeChallenge.create({
    data: {
      id,
      nodeId: node.nodeId,
      kind: "relay-probe",
      status: "running",
      mark,
      sentAt: new Date(),
      details: { model },
    },
  });
  const before = spent.get(node.nodeId) ?? 0;
  const answer = await askAndCharge(spent, { node, model, prompt: newMarkedPrompt(name), maxTokens: maxTokens * 2 });
  // It is "passed" only as long as its name does not come back; see `noticeRelay`.
  await db.computeChallenge.updateMany({
    where: { id, status: "running" },
    data: {
      status: answer === null ? "inconclusive" : "passed",
      tokensPerSecond: answer?.tokensPerSecond ?? null,
      deviceMs: Math.round((spent.get(node.nodeId) ?? 0) - before),
      endedAt: new Date(),
    },
  });
  await judgeSpeed(node.nodeId);
}

async function chargeAll(spent: Spent): Promise<void> {
  for (const [nodeId, ms] of spent) await chargeDevice(nodeId, ms);
}
