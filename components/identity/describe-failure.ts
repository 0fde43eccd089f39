const WORDS: Record<string, string> = {
  NotAllowedError: "The request was dismissed or timed out. Nothing was changed; try again when you are ready.",
  InvalidStateError: "This device already has a passkey for Converge. Use it to sign in.",
  NotSupportedError: "This device cannot make the kind of passkey that Converge needs (P-256).",
  SecurityError: "Passkeys need https, or localhost. Open Converge at the address it was set up for.",
};

/** A wallet's own numbers (EIP-1193); most wallets throw them as plain objects. */
const WALLET_WORDS: Record<number, string> = {
  4001: "The request was declined in the wallet. Nothing was changed.",
  4100: "The wallet does not share that account with this page. Connect it there and try again.",
  4200: "This wallet cannot sign what Converge asks for. Use another one, or a passkey.",
  4900: "The wallet is not connected to any network. Nothing was changed.",
  [-32002]: "The wallet is still asking something in its own window. Answer there first.",
};

function walletCodeOf(error: unknown): number | null {
  if (typeof error !== "object" || error === null) return null;
  if ("code" in error && typeof error.code === "number" && error.code in WALLET_WORDS) return error.code;
  return "cause" in error ? walletCodeOf(error.cause) : null;
}

/** The sentence for whatever ended a sign-in or a signature: the browser's words, the wallet's, or the unexpected. */
export function describeFailure(error: unknown): string {
  const words = error instanceof Error ? WORDS[error.name] : undefined;
  if (words) return words;
  const code = walletCodeOf(error);
  if (code !== null) return WALLET_WORDS[code] ?? "";
  return error instanceof Error
    ? (error.message.split("\n")[0] ?? "")
    : "Something unexpected happened. Nothing was changed; try again.";
}
