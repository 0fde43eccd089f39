import { describe, expect, it } from "vitest";
import { signNodeMessage, toBase64, verifyNodeMessage } from "./node-signature.ts";

const parts = { method: "POST", path: "/api/worker/poll", timestamp: "1700000000000", nonce: "abc", body: '{"a":1}' };

async function newKeys() {
  const pair = (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as CryptoKeyPair;
  const publicKey = toBase64(new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey)));
  return { privateKey: pair.privateKey, publicKey };
}

describe("a node's signature", () => {
  it("holds for the message it was made for, and for no other", async () => {
    const { privateKey, publicKey } = await newKeys();
    const signature = await signNodeMessage(privateKey, parts);
    expect(await verifyNodeMessage(publicKey, parts, signature)).toBe(true);
    for (const change of [
      { method: "GET" },
      { path: "/api/worker/events" },
      { timestamp: "1700000000001" },
      { nonce: "abd" },
      { body: '{"a":2}' },
    ]) {
      expect(await verifyNodeMessage(publicKey, { ...parts, ...change }, signature)).toBe(false);
    }
  });

  it("does not hold under another node's key", async () => {
    const one = await newKeys();
    const two = await newKeys();
    expect(await verifyNodeMessage(two.publicKey, parts, await signNodeMessage(one.privateKey, parts))).toBe(false);
  });

  it("is refused, not an exception, when it is not even well formed", async () => {
    const { publicKey } = await newKeys();
    expect(await verifyNodeMessage(publicKey, parts, "not base64!")).toBe(false);
    expect(await verifyNodeMessage("AAAA", parts, "AAAA")).toBe(false);
  });
});
