import type { OwnerSignature, PreparedOperation } from "#core/schemas/account.ts";
import { LocalProblem } from "../api/local-problem.ts";
import { describeFailure } from "./describe-failure.ts";
import { ensureNetwork, findWallet } from "./wallets.ts";

/** What of a prepared operation its owner signs, and with what. */
type ToSign = Pick<PreparedOperation, "hash" | "signer" | "typedData">;

/** A browser tells nobody whether a passkey is missing or its owner said no. */
const NO_PASSKEY =
  "The passkey that owns your account did not sign: it was declined, or it is on another device. Nothing was changed.";

/** No signature was given; the message says why. */
export class NotSigned extends LocalProblem {
  override readonly name = "NotSigned";

  constructor(message: string, options?: ErrorOptions) {
    super("NOT_SIGNED", "Not signed", message, options);
  }
}

/**
 * Asks the person for the signature that a prepared operation needs: one passkey prompt, or one question of their
 * wallet. The passkey's challenge is the operation's hash itself, so nothing else can be signed by this.
 */
export async function signOperation(prepared: ToSign): Promise<OwnerSignature> {
  try {
    return prepared.signer.kind === "passkey"
      ? await signWithPasskey(prepared.hash, prepared.signer.credentialId)
      : await signWithWallet(prepared, prepared.signer.address);
  } catch (cause) {
    const isPasskeyAbsent = prepared.signer.kind === "passkey" && cause instanceof DOMException;
    throw new NotSigned(isPasskeyAbsent ? NO_PASSKEY : describeFailure(cause), { cause });
  }
}

async function signWithPasskey(hash: string, credentialId: string): Promise<OwnerSignature> {
  const credential = await navigator.credentials.get({
    publicKey: {
      challenge: bytesOfHex(hash),
      allowCredentials: credentialId ? [{ type: "public-key", id: bytesOfBase64Url(credentialId) }] : [],
      userVerification: "required",
      timeout: 120_000,
    },
  });
  const isAssertion =
    credential instanceof PublicKeyCredential && credential.response instanceof AuthenticatorAssertionResponse;
  if (!isAssertion) throw new Error("The browser gave no passkey signature.");
  const { authenticatorData, clientDataJSON, signature } = credential.response as AuthenticatorAssertionResponse;
  return {
    kind: "passkey",
    authenticatorData: hexOfBytes(authenticatorData),
    clientDataJSON: new TextDecoder().decode(clientDataJSON),
    signature: hexOfBytes(signature),
  };
}

async function signWithWallet(prepared: ToSign, address: string): Promise<OwnerSignature> {
  const { domain, types, primaryType, message } = prepared.typedData;
  const wallet = await findWallet(address);
  await ensureNetwork(wallet, Number(domain.chainId));
  const signature = await wallet.request({
    method: "eth_signTypedData_v4",
    params: [
      address,
      JSON.stringify({ domain, types: { ...types, EIP712Domain: DOMAIN_FIELDS }, primaryType, message }),
    ],
  });
  if (typeof signature !== "string") throw new Error("The wallet gave no signature.");
  return { kind: "wallet", signature };
}

const DOMAIN_FIELDS = [
  { name: "name", type: "string" },
  { name: "version", type: "string" },
  { name: "chainId", type: "uint256" },
  { name: "verifyingContract", type: "address" },
];

function bytesOfHex(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.slice(2).match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function bytesOfBase64Url(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
}

function hexOfBytes(buffer: ArrayBuffer): string {
  let text = "0x";
  for (const byte of new Uint8Array(buffer)) text += byte.toString(16).padStart(2, "0");
  return text;
}
