import type { OwnerSignature, PreparedOperation } from "../schemas/account.ts";

/** One call of the public HTTP interface. `path` starts with a slash; a session's cookie goes along by itself. */
export type JourneyRequest = {
  method: "GET" | "POST" | "DELETE";
  path: string;
  body?: unknown;
  headers?: Record<string, string>;
};

export type JourneyResponse = { status: number; headers: Headers; body: unknown };

/**
 * What the walk needs from where it runs. A browser gives its own passkeys and cookies, a program a software
 * authenticator and a cookie jar; everything else is the same code over the same public interfaces.
 */
export type JourneyPorts = {
  request(request: JourneyRequest): Promise<JourneyResponse>;
  /** The raw response, for reading a stream as it arrives. */
  open(request: JourneyRequest): Promise<Response>;
  /** Makes sure somebody is signed in who owns a passkey: a new person in a program, the visitor in a browser. */
  signIn(): Promise<void>;
  /** The owner's approval of a prepared operation: a passkey's assertion over its hash, or a wallet's signature. */
  approve(operation: Pick<PreparedOperation, "hash" | "signer" | "typedData">): Promise<OwnerSignature>;
};

/** What a step leaves behind for people to see: hashes, amounts, ids. Amounts are text with their unit. */
export type Receipt = Record<string, string | number>;

/** Why a step failed: a code to switch on, a sentence for a person, and the request to quote when there was one. */
export type Problem = { code: string; message: string; requestId?: string };

export type StepResult = {
  name: string;
  title: string;
  ok: boolean;
  ms: number;
  receipt: Receipt;
  error?: string;
  problem?: Problem;
};
