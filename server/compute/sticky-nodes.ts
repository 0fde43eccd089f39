import { createHash } from "node:crypto";
import { canonicalQuestion, type Question } from "#core/question.ts";
import type { Actor } from "#server/identity/actor.ts";

/**
 * Which node answered last for a conversation, so that the next request, which begins with the same messages, finds the
 * node's cache warm. Kept in this process alone: it is worth a little money, never right or wrong.
 */
const CONVERSATIONS_MAX = 20_000;
const nodes = new Map<string, string>();

/** A conversation is known by its first messages: the system's and the first of the person. */
function keyOf(actor: Actor, model: string, question: Question): string | null {
  if (question.kind !== "chat") return null;
  const head = question.messages.slice(0, question.messages[0]?.role === "system" ? 2 : 1);
  if (question.messages.length === head.length && head.every((message) => message.content.length < 400)) return null;
  const text = canonicalQuestion({ ...question, messages: head });
  return createHash("sha256")
    .update(`${actor.apiKeyId ?? actor.userId}\n${model}\n${text}`)
    .digest("base64");
}

export function stickyNode(actor: Actor, model: string, question: Question): string | null {
  const key = keyOf(actor, model, question);
  return key === null ? null : (nodes.get(key) ?? null);
}

export function rememberNode(actor: Actor, model: string, question: Question, nodeId: string): void {
  // The first request of a conversation already names it, whatever its length, for those that follow.
  const key =
    keyOf(actor, model, question) ??
    (question.kind === "chat"
      ? keyOf(actor, model, { ...question, messages: [...question.messages, ...question.messages.slice(-1)] })
      : null);
  if (key === null) return;
  nodes.delete(key);
  nodes.set(key, nodeId);
  const oldest = nodes.keys().next().value;
  if (nodes.size > CONVERSATIONS_MAX && oldest !== undefined) nodes.delete(oldest);
}
