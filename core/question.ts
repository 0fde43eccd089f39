import { canonicalJson } from "./receipt.ts";
import type { AnswerFormat, ChatMessage, Tool, ToolChoice } from "./schemas/chat.ts";

/** Everything that determines an answer: what a node is given, what is counted, and what a receipt's prompt hash covers. */
export type Question =
  | {
      kind: "chat";
      messages: ChatMessage[];
      tools: Tool[];
      toolChoice: ToolChoice;
      parallelToolCalls: boolean;
      format: AnswerFormat | null;
    }
  | { kind: "completion"; prompt: string }
  | { kind: "embedding"; inputs: string[] };

/** A plain conversation, as it was before tools and formats had a form of their own. */
export const plainChat = (messages: ChatMessage[]): Extract<Question, { kind: "chat" }> => ({
  kind: "chat",
  messages,
  tools: [],
  toolChoice: "auto",
  parallelToolCalls: true,
  format: null,
});

/**
 * The one text of a question, for hashing. A conversation without tools or format is the list of its roles and texts,
 * so that anybody can write it down; all else is canonical JSON of the whole question.
 */
export function canonicalQuestion(question: Question): string {
  const isPlain =
    question.kind === "chat" &&
    question.tools.length === 0 &&
    question.format === null &&
    question.messages.every((message) => !message.toolCalls && !message.toolCallId);
  if (isPlain) return JSON.stringify(question.messages.map(({ role, content }) => [role, content]));
  return canonicalJson(question);
}

export type TokenLogprob = {
  token: string;
  logprob: number;
  top: { token: string; logprob: number }[];
};

/** One piece of an answer, as it comes. A call begins with its name; its arguments arrive in any number of pieces. */
export type Piece =
  | { type: "text"; text: string; logprobs?: TokenLogprob[] | undefined }
  | { type: "call"; call: number; id: string; name: string }
  | { type: "arguments"; call: number; text: string };

/**
 * What a piece adds to the text of an answer that is counted and hashed. It depends on nothing but the pieces joined, so
 * that node and platform agree on it however the answer was cut on the way.
 */
export function pieceText(piece: Piece): string {
  if (piece.type === "call") return `${piece.call > 0 ? "\n" : ""}${piece.name}\n`;
  return piece.text;
}
