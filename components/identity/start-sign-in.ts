export type SignInResult = { ok: true } | { ok: false; message: string };

const WORDS: Record<string, string> = {
  NotAllowedError: "The request was dismissed or timed out. Nothing was changed; try again when you are ready.",
  InvalidStateError: "This device already has a passkey for Converge. Use it to sign in.",
  NotSupportedError: "This device cannot make the kind of passkey that Converge needs (P-256).",
  SecurityError: "Passkeys need https, or localhost. Open Converge at the address it was set up for.",
};

/** The sentence for whatever ended a sign-in: our own codes, the browser's words, or the unexpected. */
export function describeFailure(error: unknown): string {
  if (error instanceof Error) {
    const words = WORDS[error.name];
    if (words) return words;
    if (/rejected|denied/i.test(error.message)) return "The request was declined in the wallet. Nothing was changed.";
    return error.message;
  }
  return "Something unexpected happened. Nothing was changed; try again.";
}

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
