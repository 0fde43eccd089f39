/**
 * The one table of error codes. `status` is the HTTP status the doors answer with, `message` the sentence a
 * person reads; a caller switches on the code, never on the text. Every other map over codes is typed
 * `Record<ErrorCode, …>`, so that a new code without an entry does not compile.
 */
const ERRORS = {
  // The request itself
  BAD_REQUEST: [400, "The request is not well formed."],
  VALIDATION_FAILED: [400, "One or more fields are not valid."],
  UNSUPPORTED_MEDIA_TYPE: [415, "Send the body as application/json."],
  PAYLOAD_TOO_LARGE: [413, "The body is larger than this endpoint accepts."],
  METHOD_NOT_ALLOWED: [405, "This address does not answer that method."],
  NOT_FOUND: [404, "There is nothing here, or nothing that you may see."],
  CONFLICT: [409, "Somebody changed this at the same moment. Read it again and retry."],
  RATE_LIMITED: [429, "Too many requests. Wait for the time named in Retry-After."],
  CROSS_SITE_REQUEST: [403, "This change was sent from another site and was not carried out."],
  IDEMPOTENCY_KEY_INVALID: [400, "An Idempotency-Key has 1 to 255 printable characters."],
  IDEMPOTENCY_KEY_REUSED: [409, "This idempotency key was used before with different content."],
  IDEMPOTENCY_IN_PROGRESS: [409, "A request with this Idempotency-Key is still running. Retry in a moment."],
  IDEMPOTENCY_KEY_USED: [409, "A completion with this Idempotency-Key has ended. It is not run or charged again."],
  INTERNAL: [500, "Something went wrong on our side. Nothing was charged; quote the request id if it happens again."],
  UNAVAILABLE: [503, "A service this needs is not reachable right now. Nothing was charged; retry shortly."],

  // Who you are
  UNAUTHENTICATED: [401, "Sign in, or send an API key as 'Authorization: Bearer cvg_…'."],
  API_KEY_INVALID: [401, "This API key is unknown, expired or revoked."],
  API_KEYS_TOO_MANY: [409, "There are as many API keys as there may be. Revoke one that is not needed."],
  FORBIDDEN: [403, "You may see this, but not do it."],
  SCOPE_MISSING: [403, "This API key lacks the scope that this call needs."],
  NONCE_INVALID: [401, "This sign-in request was used before or has expired. Start again."],
  SIGNATURE_INVALID: [401, "The signature does not match."],
  PASSKEY_INVALID: [401, "This passkey could not be verified."],
  DEMO_SIGN_IN_DISABLED: [403, "Demo accounts exist only on a development network."],
  OWNER_REQUIRED: [409, "Add a passkey or a wallet first: it will own your accounts."],

  // Money
  AMOUNT_INVALID: [400, "An amount is a positive whole number of base units."],
  AMOUNT_TOO_PRECISE: [400, "The amount has more decimals than the asset."],
  ASSET_UNKNOWN: [400, "This asset is not known here."],
  PAYMENT_REQUIRED: [402, "This call is paid for by itself: pay what is asked and send it again."],
  PAYMENT_INVALID: [402, "This payment cannot be settled as it is. Nothing was taken; the details say why."],
  PAYMENT_USED: [409, "This payment was used already, for this request or another. Sign a new one."],
  PAYMENT_PENDING: [
    503,
    "The chain has not said yet whether this payment settled. Send the same payment again: it is taken once.",
  ],
  INSUFFICIENT_FUNDS: [402, "The balance does not cover this. Nothing was charged."],
  CAP_EXCEEDED: [402, "A spending cap leaves no room for this. Nothing was charged; the details name the cap."],
  CAP_VALUE_UNKNOWN: [409, "A cap counts in dollars over all assets, and this asset's price is not known now."],
  CAP_NOT_FOUND: [404, "There is no such cap."],
  CAP_EXISTS: [409, "There is a cap on this with the same window already. Change its amount instead."],
  CAPS_TOO_MANY: [409, "There are as many limits as one person may have. Remove one that is not needed."],
  CAP_CONFIGURED: [409, "This cap follows the platform's configuration and is changed there."],
  ACCOUNT_NOT_FOUND: [404, "There is no such ledger account."],
  ACCOUNTS_EQUAL: [400, "A transfer needs two different accounts."],
  RESERVATION_NOT_FOUND: [404, "There is no such reservation."],
  RESERVATION_CLOSED: [409, "This reservation was captured or released already."],
  CAPTURE_EXCEEDS_RESERVATION: [409, "A capture cannot exceed what was reserved."],

  // Withdrawals
  WITHDRAWAL_ADDRESS_UNKNOWN: [
    409,
    "This address is not among your withdrawal addresses. Add it in Balance, wait until it counts, then withdraw again. Nothing was taken.",
  ],
  WITHDRAWAL_ADDRESS_WAITING: [409, "This withdrawal address does not count yet. Nothing was taken."],
  WITHDRAWAL_ADDRESSES_FULL: [409, "You have as many withdrawal addresses as one person can. Remove one first."],
  ADDRESS_NOT_FOUND: [404, "There is no such address in your book."],
  ADDRESS_EXISTS: [409, "This address is in your book already, under another name."],
  ADDRESS_NAME_TAKEN: [409, "Another address in your book has this name."],
  ADDRESSES_FULL: [409, "Your book has as many addresses as one can have. Remove one that is not needed."],
  WITHDRAWAL_CLOSED: [409, "This withdrawal is on its way or closed already; nothing was changed."],
  APPROVAL_OWN: [403, "You asked for this withdrawal yourself. Another admin has to approve or reject it."],

  // Adjustments
  ADJUSTMENT_OWN: [403, "You proposed this, or it moves money of yours. Another admin has to decide on it."],
  ADJUSTMENT_CLOSED: [409, "This adjustment was decided on already, or its time is over; nothing was changed."],
  ADJUSTMENT_CHANGED: [
    409,
    "This is not what the hash stands for. Read the adjustment again before you decide; nothing was posted.",
  ],
  ADJUSTMENT_REFUSED: [409, "The books do not allow this adjustment. Nothing was posted."],

  // Compute
  JOIN_TOKEN_INVALID: [401, "This join token is unknown, was used before or has expired. Make a new one."],
  NODE_KEY_TAKEN: [409, "A node with this identity key has joined already."],
  NODE_UNKNOWN: [401, "This node is not known here, or its provider removed it. Join again with a new token."],
  NODE_ADDRESS_REFUSED: [400, "The platform does not connect to this address. Name a public https address."],
  NODE_SIGNATURE_INVALID: [401, "The message is not signed by this node."],
  NODE_CLOCK_SKEWED: [401, "The message's time is too far from ours. Set the node's clock and send it again."],
  ATTESTATION_REFUSED: [400, "This evidence of a trusted environment does not hold; the details say why."],
  NODE_NOT_SUSPENDED: [409, "Only the suspension of a node can be disputed, and this one is not suspended."],
  STAKE_TOO_LOW: [409, "The provider has less at stake than this at any one address."],
  ESCROW_NOT_FOUND: [404, "There is no such escrow of yours. It is known here once the chain has it for good."],
  ESCROW_CLOSED: [409, "This escrow is closing or closed: nothing new is paid from it. Open another."],
  ESCROW_PROVIDER_UNREACHABLE: [409, "This provider has no address on the chain, so nothing can be paid there."],
  ESCROW_NOTHING_DUE: [409, "Everything that was earned under this escrow is settled, or on its way to the chain."],
  CLAIM_CLOSED: [409, "This claim is not open: it is on its way to the chain, or settled."],
  POOLS_TOO_MANY: [409, "You have as many open pools as one person may. Close one that is not needed."],
  DISPUTE_OPEN: [409, "There is an open dispute about this node already. It is answered first."],
  DISPUTE_CLOSED: [409, "This dispute was decided already."],
  NODE_MESSAGE_REPLAYED: [409, "This message was received before."],
  MODEL_NOT_FOUND: [404, "There is no such model. /api/v1/models lists those that nodes serve."],
  MODEL_UNAVAILABLE: [503, "No node serves this model right now. Nothing was charged; retry shortly."],
  MODEL_FEATURE_UNAVAILABLE: [
    400,
    "No node that serves this model offers what this request needs; the details name it.",
  ],
  NO_NODE_FITS: [400, "No node that serves this model meets the demands of this request; the details say which."],
  CONTEXT_LENGTH_EXCEEDED: [400, "The prompt leaves no room for an answer in this model's context."],
  JOB_NOT_FOUND: [404, "There is no such job."],
  JOB_NOT_OVER: [409, "This job is not over yet. Cancel it first, or wait for its end."],
  JOBS_TOO_MANY: [409, "As many of your jobs wait or run as may at a time. Let one end first."],
  LEASE_STALE: [409, "This lease is over, or the job was given to another node. Stop the work and forget it."],
  BLOB_NOT_FOUND: [404, "There is no such file, or it is not yours. Upload it to /api/v1/blobs first."],
  BLOB_HASH_WRONG: [400, "The bytes that arrived are not those the name stands for. Nothing was stored."],
  BLOB_QUOTA_FULL: [409, "Your stored files take up all the room there is for one person."],
  RECEIPT_NOT_FOUND: [404, "There is no such receipt."],

  // Rewards
  DEVICE_NOT_FOUND: [404, "This device is not registered to you."],
  DEVICE_KEY_INVALID: [400, "The device's public key is not a point of P-256."],
  DEVICE_TAKEN: [409, "This device key is registered already."],
  CAMPAIGN_NOT_FOUND: [404, "There is no such campaign."],
  BATCH_SIGNATURE_INVALID: [401, "The batch is not signed by this device."],
  BATCH_SEQUENCE_REUSED: [409, "Another batch of this device already has this sequence number."],
  BATCH_SEQUENCE_GAP: [409, "This sequence number is too far ahead. Send the batches before it first."],
  BATCH_CHAIN_BROKEN: [409, "The batch does not name the hash of the batch before it."],
  CASH_OUT_ABOVE_LIMIT: [400, "One cash-out cannot be larger than an epoch may pay."],
  CLAIM_NOT_READY: [409, "There is nothing to collect yet. It is on its way."],

  // Proofs
  MODEL_STOPPED: [
    409,
    "The registry takes no proofs of this model: it was taken down, or its weights or verifier were.",
  ],
  PROOF_NOT_FOUND: [404, "There is no such proof, or it is not yours."],
  PROOF_INPUT_INVALID: [400, "The input is not one that this model takes."],
  PROOF_DEADLINE_INVALID: [400, "The deadline lies in the past or too far ahead."],
  PROOF_NONCE_USED: [409, "This requester used this nonce for this model before."],
  PROOF_LIMIT_REACHED: [429, "Too many of your proofs are waiting. Retry when one is done."],
  ONNX_INVALID: [400, "This is no ONNX model that can be read."],
  ONNX_TOO_LARGE: [413, "This model is larger than what can be proved here."],
  ONNX_UNSUPPORTED: [422, "This model uses what cannot be proved here; the details name it."],
  ONNX_RUN_FAILED: [422, "The model could not be run within its time and memory."],
  PROVER_UNAVAILABLE: [503, "Proofs cannot be made on this machine right now. Nothing was charged."],

  ZK_OUT_OF_RANGE: [
    422,
    "This input leaves the range that the network was calibrated for; the details say at which layer. Nothing was proved.",
  ],
  ZK_SAMPLES_INVALID: [400, "These samples are not ones that the network takes; the details say which and why."],
  ZK_NETWORK_REFUSED: [422, "This network cannot be written in whole numbers; the details name the layer and say why."],

  // Agents, accounts and the chain
  CALLDATA_INVALID: [400, "The call data does not encode what it should, byte for byte."],
  POLICY_INVALID: [400, "This policy cannot be granted."],
  POLICY_DENIED: [403, "The agent's policy does not allow this. Nothing was signed."],
  BREAKER_TRIPPED: [403, "A breaker of this agent is tripped. Nothing was signed; the details say which and why."],
  AGENTS_HALTED: [403, "All agents are stopped. Nothing was signed."],
  SELLER_UNREACHABLE: [502, "The seller did not answer, or with what is no answer. Nothing was paid by this attempt."],
  PRICE_REFUSED: [409, "The seller asks for what is not paid; the details say what. Nothing was paid."],
  MARKET_MISSING: [409, "No pools and prices are known on this chain, so nothing is traded here."],
  STRATEGY_CLOSED: [409, "This strategy has ended. Start another one."],
  POLICY_UNCHANGED: [409, "This is the policy the agent has already."],
  POLICY_STAGED: [409, "A wider policy waits until its time has come; the details say when."],
  POLICY_NEEDS_OTHERS: [409, "Others have to agree to this policy first; the details say how many did."],
  POLICY_WIDENING_REFUSED: [409, "An agent's rights can be narrowed here; wider ones need a new grant by its owner."],
  AGENT_NOT_READY: [409, "The owner has not confirmed this agent on the chain yet."],
  AGENT_PAUSED: [409, "This agent is paused. Its owner can resume it."],
  AGENT_REVOKED: [409, "This agent's key was revoked."],
  PRIVATE_KEY_INVALID: [400, "This is no private key: it is zero, or lies outside of the curve."],
  KEY_ADDRESS_WRONG: [400, "The key is of another address than was said. Nothing was kept."],
  KEY_SEAL_BROKEN: [400, "This was not sealed for this agent and this address, or it was altered. Nothing was kept."],
  KEY_IMPORT_OVER: [409, "The time for this import is over. Ask for a new one and seal the key again."],
  KEY_TAKEN: [409, "This key is in use here, by an agent or by the platform. An agent's key is nobody else's."],
  KEY_OF_OWNER: [409, "This key is a person's wallet here. An agent needs a key that owns nothing."],
  SIGNER_REFUSED: [403, "The signer does not sign this."],
  SIGNER_RECORD_ALTERED: [500, "A record of the signer was altered outside of it. Nothing was signed."],
  SIGNER_UNAVAILABLE: [503, "The signer cannot be reached right now. Nothing was signed; retry shortly."],
  CHAIN_UNAVAILABLE: [503, "The chain cannot be reached right now. Nothing was lost; retry shortly."],
  DEPLOYMENT_MISSING: [503, "The contracts are not deployed on this chain yet."],
  OPERATION_REVERTED: [422, "The chain refuses this operation. Nothing was sent."],
  OPERATION_CLOSED: [409, "This operation was submitted already or has expired. Prepare it again."],
} as const satisfies Record<string, readonly [status: number, message: string]>;

export type ErrorCode = keyof typeof ERRORS;

/** What an error may carry for a client to read: plain JSON, no secrets, no internals. */
export type ErrorDetails = { readonly [key: string]: unknown };

export const errorStatus = (code: ErrorCode): number => ERRORS[code][0];
export const errorMessage = (code: ErrorCode): string => ERRORS[code][1];
export const isErrorCode = (value: unknown): value is ErrorCode =>
  typeof value === "string" && Object.hasOwn(ERRORS, value);

/** The only error thrown on purpose. `server/api` maps it to the wire; anything else leaves as INTERNAL. */
export class DomainError extends Error {
  override readonly name = "DomainError";
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  /** `details.message` replaces the table's sentence; `details.param` names the field at fault. */
  constructor(code: ErrorCode, details: ErrorDetails = {}, options?: { cause?: unknown }) {
    super(typeof details.message === "string" ? details.message : errorMessage(code), options);
    this.code = code;
    this.details = details;
  }

  get status(): number {
    return errorStatus(this.code);
  }
}
