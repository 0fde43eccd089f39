export type SignInResult = { ok: true } | { ok: false; message: string };

/** Ends a sign-in at the session door; `redirect` is ours, so that a refusal stays on the page. */
export async function startSession(
  provider: "passkey" | "siwe" | "demo",
  fields: Record<string, string>,
): Promise<SignInResult> {
  const { signIn } = await import("next-auth/react");
  const result = await signIn(provider, { ...fields, redirect: false });
  if (result?.ok && !result.error) return { ok: true };
  const code = result?.error ?? "INTERNAL";
  const { errorMessage, isErrorCode } = await import("#core/errors.ts");
  return { ok: false, message: isErrorCode(code) ? errorMessage(code) : "The sign-in was not accepted. Start again." };
}

/** Reads a JSON door of ours and throws its sentence when it refuses. */
export async function askDoor<Answer>(path: string, body?: unknown): Promise<Answer> {
  const response = await fetch(path, {
    method: body === undefined ? "GET" : "POST",
    ...(body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
  const answer: unknown = await response.json().catch(() => null);
  if (response.ok) return answer as Answer;
  const message = (answer as { error?: { message?: unknown } } | null)?.error?.message;
  throw new Error(typeof message === "string" ? message : "The server did not answer. Nothing was changed; try again.");
}
