import type { z } from "zod";

/** What a text says in JSON, or the first thing that is wrong with it: the field and a sentence. */
export function readJson<Value>(schema: z.ZodType<Value>, text: string): { value: Value } | { problem: string } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { problem: "This is not JSON yet." };
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return { value: parsed.data };
  const [issue] = parsed.error.issues;
  if (!issue) return { problem: "This is not what is wanted yet." };
  return { problem: issue.path.length > 0 ? `${issue.path.join(".")}: ${issue.message}` : issue.message };
}
