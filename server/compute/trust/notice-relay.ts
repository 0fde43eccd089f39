import type { Question } from "#core/question.ts";
import { db } from "#server/db.ts";
import { suspendNode } from "./judge-node.ts";
import { findMarks } from "./marks.ts";

/** A name is looked for this long after it was told. */
const TOLD_WITHIN_MS = 15 * 60_000;

function textOf(question: Question): string {
  if (question.kind === "completion") return question.prompt;
  if (question.kind === "embedding") return "";
  return question.messages.map(({ content }) => content).join("\n");
}

/**
 * Looks whether somebody's order carries a name that one node alone was told: then that node passes its work on, and
 * pays less for it elsewhere than it is paid here.
 */
export async function noticeRelay(question: Question, inferenceId: string): Promise<void> {
  const marks = findMarks(textOf(question));
  if (marks.length === 0) return;
  const told = await db.computeChallenge.findMany({
    where: { mark: { in: marks }, kind: "relay-probe", createdAt: { gt: new Date(Date.now() - TOLD_WITHIN_MS) } },
    select: { id: true, nodeId: true },
  });
  for (const { id, nodeId } of told) {
    await db.computeChallenge.update({ where: { id }, data: { status: "failed", endedAt: new Date() } });
    await suspendNode(nodeId, "relayed", { challengeId: id, inferenceId });
  }
}
