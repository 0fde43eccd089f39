import { DomainError } from "#core/errors.ts";

/** Levels of nesting; no input of ours has more than six. */
export const DEPTH_MAX = 64;

const isStorable = (text: string): boolean => !text.includes("\0") && text.isWellFormed();

/**
 * Refuses what no input may hold, before any schema reads it: text that Postgres cannot store (a NUL character, half
 * a surrogate pair), anywhere in a value, and nesting without end.
 */
export function assertCleanInput(input: unknown): void {
  const rest: { value: unknown; path: string; depth: number }[] = [{ value: input, path: "", depth: 0 }];
  for (let next = rest.pop(); next; next = rest.pop()) {
    const { value, path, depth } = next;
    if (depth > DEPTH_MAX)
      throw new DomainError("BAD_REQUEST", { message: `The input is nested deeper than ${DEPTH_MAX} levels.` });
    if (typeof value === "string" && !isStorable(value)) throw unstorable(path);
    if (typeof value !== "object" || value === null) continue;
    for (const [key, item] of Object.entries(value)) {
      if (!isStorable(key)) throw unstorable(path);
      rest.push({ value: item, path: path === "" ? key : `${path}.${key}`, depth: depth + 1 });
    }
  }
}

const unstorable = (path: string): DomainError =>
  new DomainError("VALIDATION_FAILED", {
    message: "Text with a NUL character or with half a surrogate pair cannot be taken in.",
    ...(path === "" ? {} : { param: path.slice(0, 200) }),
  });
