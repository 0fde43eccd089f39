/**
 * The names people and engines have for models, and the one name each has here.
 *
 * A name of the catalogue is `maker/model`, in small letters. Whoever offers a model under another name that stands here
 * is listed under this one; whoever asks by another name gets this one. A name that stands nowhere is its own.
 */
const ALIASES: Record<string, readonly string[]> = {
  "meta-llama/llama-2-7b-chat": [
    "llama2",
    "llama2:7b",
    "llama2:7b-chat",
    "llama-2-7b-chat",
    "meta-llama/llama-2-7b-chat-hf",
  ],
  "meta-llama/llama-2-13b-chat": ["llama2:13b", "llama2:13b-chat", "meta-llama/llama-2-13b-chat-hf"],
  "meta-llama/llama-3-8b-instruct": ["llama3", "llama3:8b", "meta-llama/meta-llama-3-8b-instruct"],
  "meta-llama/llama-3.1-8b-instruct": ["llama3.1", "llama3.1:8b", "meta-llama/meta-llama-3.1-8b-instruct"],
  "meta-llama/llama-3.1-70b-instruct": ["llama3.1:70b", "meta-llama/meta-llama-3.1-70b-instruct"],
  "meta-llama/llama-3.2-1b-instruct": ["llama3.2:1b"],
  "meta-llama/llama-3.2-3b-instruct": ["llama3.2", "llama3.2:3b"],
  "meta-llama/llama-3.3-70b-instruct": ["llama3.3", "llama3.3:70b"],
  "microsoft/phi-3-mini-4k-instruct": ["phi3", "phi3:mini", "phi3:3.8b", "phi-3-mini"],
  "microsoft/phi-3-medium-4k-instruct": ["phi3:medium", "phi3:14b"],
  "microsoft/phi-4": ["phi4", "phi4:14b"],
  "mistralai/mistral-7b-instruct-v0.3": ["mistral", "mistral:7b"],
  "mistralai/mixtral-8x7b-instruct-v0.1": ["mixtral", "mixtral:8x7b"],
  "qwen/qwen2.5-7b-instruct": ["qwen2.5", "qwen2.5:7b"],
  "qwen/qwen3-8b": ["qwen3", "qwen3:8b"],
  "google/gemma-2-9b-it": ["gemma2", "gemma2:9b"],
  "google/gemma-3-4b-it": ["gemma3", "gemma3:4b"],
  "deepseek-ai/deepseek-r1-distill-qwen-7b": ["deepseek-r1", "deepseek-r1:7b"],
  "nomic-ai/nomic-embed-text-v1.5": ["nomic-embed-text", "nomic-embed-text:v1.5"],
  "baai/bge-m3": ["bge-m3"],
  "converge/tiny-1": ["tiny-1", "tiny"],
};

const BY_ALIAS = new Map(
  Object.entries(ALIASES).flatMap(([name, aliases]) => [name, ...aliases].map((alias) => [alias, name] as const)),
);

const PRECISION = /[-:_](q[2-8](?:_[0-9k])?(?:_[sml0-9])?|f16|fp16|f32|fp32|bf16|fp8|int8|int4|awq|gptq)$/i;
const PRECISION_NAMES: Record<string, string> = { fp16: "f16", fp32: "f32" };

/** A name without the precision that engines append to it, and that precision: "llama3.1:8b-instruct-q4_K_M". */
export function splitPrecision(name: string): { name: string; precision: string | null } {
  const found = PRECISION.exec(name);
  if (!found?.[1]) return { name, precision: null };
  const precision = found[1].toLowerCase();
  return { name: name.slice(0, found.index), precision: PRECISION_NAMES[precision] ?? precision };
}

/** The catalogue's name of a model, whatever of its names is given. */
export function canonicalModel(given: string): string {
  const plain = given.trim();
  const lower = plain.toLowerCase();
  const exact = BY_ALIAS.get(lower);
  if (exact) return exact;
  const bare = lower.replace(/:latest$/, "");
  return BY_ALIAS.get(bare) ?? BY_ALIAS.get(bare.replace(/-(?:instruct|chat)$/, "")) ?? plain.replace(/:latest$/, "");
}

/** What an engine's own name for a model is called here, and how its weights are held. */
export function offeredAs(engineName: string): { model: string; precision: string | null } {
  const { name, precision } = splitPrecision(engineName.replace(/:latest$/, ""));
  const model = canonicalModel(name);
  // A name may only hold what a catalogue's name holds; a colon would read as a preference.
  return { model: model.replaceAll(":", "-"), precision };
}

export const aliasesOf = (model: string): readonly string[] => ALIASES[model] ?? [];
