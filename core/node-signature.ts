/** Ed25519 signatures of a node's messages, the same code on both ends. Keys and signatures travel as base64. */

export const NODE_HEADERS = {
  node: "x-converge-node",
  timestamp: "x-converge-timestamp",
  nonce: "x-converge-nonce",
  signature: "x-converge-signature",
} as const;

/** A message older or newer than this is refused, so a nonce has to be remembered only twice this long. */
export const NODE_CLOCK_SKEW_MS = 60_000;

export type SignedParts = { method: string; path: string; timestamp: string; nonce: string; body: string };

const utf8 = new TextEncoder();

export const toBase64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));

export const fromBase64 = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

export async function sha256Hex(data: string | Uint8Array<ArrayBuffer>): Promise<string> {
  const bytes = typeof data === "string" ? utf8.encode(data) : data;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The exact bytes a node signs: everything that gives the message its meaning, one item a line. */
async function signedBytes(parts: SignedParts): Promise<Uint8Array<ArrayBuffer>> {
  const lines = [
    "converge-node-v1",
    parts.method,
    parts.path,
    parts.timestamp,
    parts.nonce,
    await sha256Hex(parts.body),
  ];
  return utf8.encode(lines.join("\n"));
}

export async function signNodeMessage(privateKey: CryptoKey, parts: SignedParts): Promise<string> {
  return toBase64(new Uint8Array(await crypto.subtle.sign("Ed25519", privateKey, await signedBytes(parts))));
}

export async function verifyNodeMessage(publicKey: string, parts: SignedParts, signature: string): Promise<boolean> {
  return verifyEd25519(publicKey, await signedBytes(parts), signature);
}

/** False for a wrong signature and for a key or signature that is not even well formed. */
export async function verifyEd25519(
  publicKey: string,
  message: Uint8Array<ArrayBuffer>,
  signature: string,
): Promise<boolean> {
  const key = importPublicKey(publicKey);
  const bytes = decodeOrNull(signature);
  if (!key || !bytes) return false;
  return key.then((imported) => crypto.subtle.verify("Ed25519", imported, bytes, message)).catch(() => false);
}

function importPublicKey(publicKey: string): Promise<CryptoKey> | null {
  const bytes = decodeOrNull(publicKey);
  return bytes?.length === 32 ? crypto.subtle.importKey("raw", bytes, "Ed25519", true, ["verify"]) : null;
}

function decodeOrNull(text: string): Uint8Array<ArrayBuffer> | null {
  return /^[A-Za-z0-9+/]+={0,2}$/.test(text) && text.length % 4 === 0 ? fromBase64(text) : null;
}
