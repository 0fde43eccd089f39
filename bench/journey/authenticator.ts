import { createHash, createSign, generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";
import type { PasskeyAssertion } from "../../core/user-operation.ts";

/** A byte-exact CBOR writer for the few shapes an attestation needs: integers, byte strings, texts and maps. */
function cbor(value: number | string | Uint8Array | Map<number | string, unknown>): Buffer {
  const head = (major: number, length: number): Buffer => {
    if (length < 24) return Buffer.from([(major << 5) | length]);
    if (length < 256) return Buffer.from([(major << 5) | 24, length]);
    return Buffer.from([(major << 5) | 25, length >> 8, length & 255]);
  };
  if (typeof value === "number") return value >= 0 ? head(0, value) : head(1, -1 - value);
  if (typeof value === "string") return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value]);
  const entries = [...value].flatMap(([key, item]) => [cbor(key), cbor(item as number)]);
  return Buffer.concat([head(5, value.size), ...entries]);
}

const FLAG_PRESENT = 0x01;
const FLAG_VERIFIED = 0x04;
const FLAG_ATTESTED = 0x40;

/**
 * A passkey authenticator in software, for programs that walk the public interfaces as a person would: it makes
 * P-256 credentials and signs WebAuthn assertions exactly as a phone does (W3C Web Authentication, Level 3).
 */
export class SoftwareAuthenticator {
  readonly credentialId = randomBytes(32);
  readonly #origin: string;
  readonly #relyingPartyHash: Buffer;
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;
  #counter = 0;

  constructor(origin: string) {
    this.#origin = origin;
    this.#relyingPartyHash = createHash("sha256").update(new URL(origin).hostname).digest();
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    this.#privateKey = privateKey;
    this.#publicKey = publicKey;
  }

  /** The answer of `navigator.credentials.create`, as JSON. */
  register(challenge: string) {
    const clientDataJSON = this.#clientData("webauthn.create", challenge);
    const jwk = this.#publicKey.export({ format: "jwk" });
    const point = (text: string | undefined) => Buffer.from(text ?? "", "base64url");
    const coseKey = cbor(
      new Map<number, unknown>([
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, point(jwk.x)],
        [-3, point(jwk.y)],
      ]),
    );
    const length = Buffer.from([this.credentialId.length >> 8, this.credentialId.length & 255]);
    const attested = Buffer.concat([Buffer.alloc(16), length, this.credentialId, coseKey]);
    const authData = Buffer.concat([this.#head(FLAG_PRESENT | FLAG_VERIFIED | FLAG_ATTESTED), attested]);
    const attestationObject = cbor(
      new Map<string, unknown>([
        ["fmt", "none"],
        ["attStmt", new Map()],
        ["authData", authData],
      ]),
    );
    return this.#credential({
      clientDataJSON: clientDataJSON.toString("base64url"),
      attestationObject: attestationObject.toString("base64url"),
      transports: ["internal"],
    });
  }

  /** The answer of `navigator.credentials.get` for a challenge in base64url, as JSON. */
  authenticate(challenge: string) {
    const { authenticatorData, clientDataJSON, signature } = this.#sign(challenge);
    return this.#credential({
      authenticatorData: authenticatorData.toString("base64url"),
      clientDataJSON: clientDataJSON.toString("base64url"),
      signature: signature.toString("base64url"),
    });
  }

  /** The same assertion as bytes, over a 32-byte hash: how the owner of an account approves an operation. */
  approve(hash: `0x${string}`): PasskeyAssertion {
    const signed = this.#sign(Buffer.from(hash.slice(2), "hex").toString("base64url"));
    return {
      authenticatorData: `0x${signed.authenticatorData.toString("hex")}`,
      clientDataJSON: signed.clientDataJSON.toString("utf8"),
      signature: `0x${signed.signature.toString("hex")}`,
    };
  }

  #sign(challenge: string) {
    this.#counter += 1;
    const authenticatorData = this.#head(FLAG_PRESENT | FLAG_VERIFIED);
    const clientDataJSON = this.#clientData("webauthn.get", challenge);
    const clientHash = createHash("sha256").update(clientDataJSON).digest();
    const signature = createSign("sha256").update(authenticatorData).update(clientHash).sign(this.#privateKey);
    return { authenticatorData, clientDataJSON, signature };
  }

  #head(flags: number): Buffer {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(this.#counter);
    return Buffer.concat([this.#relyingPartyHash, Buffer.from([flags]), counter]);
  }

  #clientData(type: string, challenge: string): Buffer {
    return Buffer.from(JSON.stringify({ type, challenge, origin: this.#origin, crossOrigin: false }));
  }

  #credential(response: Record<string, unknown>) {
    const id = this.credentialId.toString("base64url");
    return {
      id,
      rawId: id,
      type: "public-key",
      clientExtensionResults: {},
      authenticatorAttachment: "platform",
      response,
    };
  }
}
