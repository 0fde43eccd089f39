/** What a trusted environment's evidence must carry, so that it speaks for one node, at one time, and nobody else. */

const utf8 = new TextEncoder();

/** The 64 bytes that a node has its hardware sign, in hex: SHA-512 over its identity key and the platform's nonce. */
export async function attestationData(publicKey: string, nonce: string): Promise<string> {
  const bytes = utf8.encode(`converge-attestation-v1\n${publicKey}\n${nonce}`);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-512", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
