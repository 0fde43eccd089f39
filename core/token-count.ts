import type { Question } from "./question.ts";
import type { ChatMessage } from "./schemas/chat.ts";
import type { TokenCounting } from "./schemas/node-protocol.ts";
import { countTinyTokens, lastTinyUnit } from "./tiny-tokenizer.ts";

/**
 * How Converge counts tokens. A node's own claim is never billed: the platform counts the text it delivered, by a
 * method that anyone can repeat on the text and that the model's page, the receipt and this table name.
 */
export const COUNTING_METHODS: Record<TokenCounting, string> = {
  "converge/tiny-1": "The model's own tokenizer, plus its role markers in the prompt.",
  "utf8-bytes/4":
    "One token for every four bytes of UTF-8, rounded up, plus four for each message of the prompt; tools count as their JSON.",
};

/** Models whose tokenizer the platform has; every other model is counted by bytes. */
export const countingOf = (model: string): TokenCounting => (model === "converge/tiny-1" ? model : "utf8-bytes/4");

const utf8 = new TextEncoder();
const BYTES_PER_TOKEN = 4;
const MESSAGE_OVERHEAD = 4;

export function countTokens(counting: TokenCounting, text: string): number {
  if (counting === "converge/tiny-1") return countTinyTokens(text);
  return Math.ceil(utf8.encode(text).length / BYTES_PER_TOKEN);
}

/** What a message says besides its content: the calls it made. */
const callsText = (message: ChatMessage): string =>
  (message.toolCalls ?? []).map((call) => `${call.name}${call.arguments}`).join("");

/**
 * The prompt as the model reads it: for tiny-1 one start token, two markers a message and one that opens the answer.
 * An embedding counts each of its inputs, a plain completion its prompt.
 */
export function countPromptTokens(counting: TokenCounting, question: Question): number {
  const isTiny = counting === "converge/tiny-1";
  if (question.kind === "embedding") return question.inputs.reduce((sum, text) => sum + countTokens(counting, text), 0);
  if (question.kind === "completion") return countTokens(counting, question.prompt) + (isTiny ? 1 : 0);
  const overhead = isTiny ? 2 : MESSAGE_OVERHEAD;
  const toolTokens = isTiny || question.tools.length === 0 ? 0 : countTokens(counting, JSON.stringify(question.tools));
  return question.messages.reduce(
    (sum, message) => sum + overhead + countTokens(counting, message.content + callsText(message)),
    (isTiny ? 2 : 0) + toolTokens,
  );
}

export type TokenCounter = {
  /** The tokens of everything added so far. */
  readonly total: number;
  add(text: string): number;
  /** The longest beginning of `text` that can be added without passing `totalMax`. */
  fitting(text: string, totalMax: number): string;
};

/** Counts a text that arrives in pieces; the total always equals `countTokens` of the whole. */
export function createTokenCounter(counting: TokenCounting): TokenCounter {
  let settled = 0;
  let open = "";
  let total = 0;
  const measure = (text: string): { settled: number; open: string; total: number } => {
    const joined = open + text;
    if (counting === "utf8-bytes/4") {
      // Whole groups of four bytes are settled; `open` only stands for the bytes beyond them.
      const bytes = utf8.encode(text).length + open.length;
      const whole = Math.floor(bytes / BYTES_PER_TOKEN);
      return {
        settled: settled + whole,
        open: "x".repeat(bytes % BYTES_PER_TOKEN),
        total: settled + Math.ceil(bytes / BYTES_PER_TOKEN),
      };
    }
    const at = lastTinyUnit(joined);
    const sum = settled + countTinyTokens(joined.slice(0, at));
    return { settled: sum, open: joined.slice(at), total: sum + countTinyTokens(joined.slice(at)) };
  };
  return {
    get total() {
      return total;
    },
    add(text) {
      ({ settled, open, total } = measure(text));
      return total;
    },
    fitting(text, totalMax) {
      if (measure(text).total <= totalMax) return text;
      const characters = [...text];
      let fits = 0;
      for (let length = 1; length <= characters.length; length++) {
        if (measure(characters.slice(0, length).join("")).total > totalMax) break;
        fits = length;
      }
      return characters.slice(0, fits).join("");
    },
  };
}
