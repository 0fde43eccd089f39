import type { PasskeyAssertion } from "../user-operation.ts";

/** How an owner approves: a passkey's assertion over the hash, or a wallet's signature over the typed data. */
export type AccountOwnerSignature = PasskeyAssertion;
