import { randomInt } from "node:crypto";
import { newId } from "#core/ids.ts";
import type { Prisma } from "#generated/prisma/client.ts";
import { db } from "#server/db.ts";
import { readCandidates } from "../list-candidates.ts";
import type { Candidate } from "../rank-offers.ts";
import { askNode } from "./ask-node.ts";
import { compareAnswers } from "./compare-answers.ts";
import { chargeDevice, finishChallenge, judgeSpeed, suspendNode, unverifyNode, verifyNode } from "./judge-node.ts";
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
 * Those whose answers may be held against a node's: for the same weights, the operator's own first, then who was held
 * against those before. Anybody may open accounts and let their nodes agree with each other, so what is merely said by
 * several is worth nothing: all trust comes from the operator's own nodes.
 */
function referencesFor(node: Candidate, candidates: readonly Candidate[]): Candidate[] {
  const standing = (one: Candidate) => (one.isReference ? 0 : 1);
  const owners = new Set([node.ownerId]);
  return candidates
    .filter((one) => one.isReference || one.trust === "verified")
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
  /** Nodes that disagree, with nobody to say who is right. */
  isOpen: boolean;
  peers: Candidate[];
  evidence: Round[];
};

/**
 * Compares with one reference. What the operator's own node says is evidence, for a node and against it; others that were
 * verified before can say that a verified node is still what it was, and that something is wrong, and not more.
 */
async function judge(
  exam: Exam,
  references: readonly Candidate[],
  answers: readonly [string, string][],
): Promise<Verdict> {
  const [reference] = references;
  if (!reference) return { status: "inconclusive", isOpen: false, peers: [], evidence: [] };
  const round = await compareAll(exam, reference, answers);
  const isEvidence = reference.isReference;
  const common = { peers: [reference], evidence: [round] };
  if (round.different >= DIFFERENT_MIN)
    return { ...common, status: isEvidence ? "failed" : "inconclusive", isOpen: !isEvidence };
  const isLike = round.same >= DIFFERENT_MIN && (isEvidence || exam.node.trust === "verified");
  return { ...common, status: isLike ? "passed" : "inconclusive", isOpen: false };
}

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
    if (node.isReference) await verifyNode(nodeId);
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
  const evidence = verdict.status === "passed" ? {} : evidenceOf(verdict.evidence);
  await db.computeChallenge.update({ where: { id }, data: { peerIds: verdict.peers.map((peer) => peer.nodeId) } });
  await finishChallenge(id, {
    status: verdict.status,
    deviceMs: (spent.get(nodeId) ?? 0) - probeMs,
    details: { model, prompts: answers.length, ...evidence },
  });
  if (verdict.status === "failed") await suspendNode(nodeId, "wrong-model", { challengeId: id, model });
  if (verdict.isOpen)
    for (const one of [node, ...verdict.peers]) await unverifyNode(one.nodeId, "disagrees", { challengeId: id, model });
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
