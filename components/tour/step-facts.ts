import type { ReceiptStepKind } from "../receipt/receipt-step.ts";

/** One line of a step's receipt. `key` names what the step left behind. */
export type Row = {
  key: string;
  label: string;
  as: "amount" | "identifier" | "milliseconds" | "number" | "word" | "code";
};

/** One link in the chain of causes; `{key}` in its texts stands for what the step left behind. */
export type Cause = {
  kind: ReceiptStepKind;
  title: string;
  detail: string;
  hash?: string;
  isRefusal?: boolean;
};

export type StepFacts = { rows: readonly Row[]; causes: readonly Cause[] };

const row = (key: string, label: string, as: Row["as"]): Row => ({ key, label, as });

const cause = (kind: ReceiptStepKind, title: string, detail: string, hash?: string): Cause => ({
  kind,
  title,
  detail,
  ...(hash === undefined ? {} : { hash }),
});
const refusal = (kind: ReceiptStepKind, title: string, detail: string): Cause => ({
  ...cause(kind, title, detail),
  isRefusal: true,
});

const TRANSACTION = row("transaction", "Transaction", "identifier");
const GAS = row("gas", "Gas used", "number");

const EARN_AND_SPEND: Record<string, StepFacts> = {
  "sign-in": {
    rows: [row("user", "Person", "identifier"), row("passkeys", "Passkeys", "number")],
    causes: [
      cause("event", "The device makes a key pair", "P-256. The private half never leaves it."),
      cause("signature", "It signs our challenge", "Made for this once, deleted on use."),
      cause(
        "decision",
        "The session opens",
        "Origin, user verification and curve are checked; a session row can be revoked at once.",
        "user",
      ),
    ],
  },
  earn: {
    rows: [
      row("credited", "Credited", "amount"),
      row("events", "Events counted", "number"),
      row("batches", "Signed batches", "number"),
      row("device", "Device", "identifier"),
    ],
    causes: [
      cause(
        "signature",
        "The device key signs each batch",
        "Numbered, and each names the hash of the one before.",
        "device",
      ),
      cause("decision", "Each event counts once", "{events} events scored, capped, deduplicated."),
      cause("posting", "One posting a batch", "{credited} from the campaign to the person."),
    ],
  },
  balance: {
    rows: [row("available", "Available", "amount")],
    causes: [
      cause("posting", "Postings are only ever added", "No balance is written by hand."),
      cause("decision", "The balance is their sum", "{available} posted and not reserved."),
    ],
  },
  spend: {
    rows: [
      row("charged", "Charged", "amount"),
      row("tokens", "Tokens delivered", "number"),
      row("firstTokenMs", "First token after", "milliseconds"),
      row("node", "Node", "identifier"),
      row("receipt", "Signed receipt", "identifier"),
    ],
    causes: [
      cause("posting", "The worst case is reserved", "Before the node is asked, so it can be paid."),
      cause("decision", "A node is chosen", "By price, measured speed and health.", "node"),
      cause(
        "posting",
        "{tokens} tokens arrive and are captured",
        "Counted on our side; {charged} for what was delivered, the rest released.",
      ),
      cause("signature", "The receipt is signed", "By the platform and the node.", "receipt"),
    ],
  },
};

const AGENT: Record<string, StepFacts> = {
  "create-agent": {
    rows: [
      row("cap", "Limits", "word"),
      row("agent", "Agent", "identifier"),
      row("account", "Account", "identifier"),
      row("operation", "Operation signed", "identifier"),
      TRANSACTION,
    ],
    causes: [
      cause("signature", "The signer makes a key", "Encrypted at rest, in no other memory.", "agent"),
      cause(
        "signature",
        "The passkey signs one operation",
        "Its challenge is the operation's hash, nothing else.",
        "operation",
      ),
      cause(
        "transaction",
        "The account grants the key its policy",
        "Deployed and granted in one ERC-4337 operation; the sponsor pays the gas.",
        "transaction",
      ),
    ],
  },
  "fund-agent": {
    rows: [
      row("amount", "Funded", "amount"),
      row("account", "Agent's account", "identifier"),
      row("withdrawal", "Withdrawal", "identifier"),
      TRANSACTION,
    ],
    causes: [
      cause("posting", "The ledger reserves it", "{amount} can no longer be spent twice.", "withdrawal"),
      cause("transaction", "The Vault pays once", "Per withdrawal id, on chain.", "transaction"),
      cause("posting", "The event captures it", "The confirmed log, not the hash, makes it final."),
    ],
  },
  "agent-pays": {
    rows: [
      row("deposited", "Topped up", "amount"),
      row("charged", "Charged for the answer", "amount"),
      row("receipt", "Signed receipt", "identifier"),
      TRANSACTION,
      GAS,
    ],
    causes: [
      cause("decision", "The policy allows it", "Read from the exact call data: approve, then deposit."),
      cause("signature", "The agent's key signs", "In the signer, which checks the policy itself."),
      cause(
        "transaction",
        "The contract checks the same policy",
        "{deposited} into the Vault, {gas} gas.",
        "transaction",
      ),
      cause("posting", "The agent's balance pays", "{charged}, from its own key only.", "receipt"),
    ],
  },
  "signer-refuses": {
    rows: [
      row("tried", "Tried", "amount"),
      row("limit", "Limit of one payment", "amount"),
      row("rule", "Rule that refused", "code"),
      row("code", "Answer", "code"),
    ],
    causes: [
      cause("event", "The agent asks to pay {tried}", "The bytes are decoded, never the claim."),
      refusal("decision", "Over the cap of one payment", "Rule {rule}: the limit is {limit}."),
      refusal("signature", "No signature exists", "Nothing was signed, nothing reserved."),
    ],
  },
  "contract-refuses": {
    rows: [row("tried", "Tried", "amount"), row("error", "Revert", "code"), row("values", "Asked, allowed", "code")],
    causes: [
      cause("event", "The same call, past the signer", "As if a stolen key had signed it."),
      refusal("decision", "The account reverts", "With the cap it would break: ({values}) base units."),
      refusal("transaction", "No transaction exists", "Simulated against the chain's state."),
    ],
  },
};

const PROVE_AND_SETTLE: Record<string, StepFacts> = {
  prove: {
    rows: [
      row("output", "Output, of 255", "number"),
      row("proveMs", "Proving took", "milliseconds"),
      row("proof", "Proof", "identifier"),
      row("inference", "Recorded as", "identifier"),
      TRANSACTION,
    ],
    causes: [
      cause("event", "120 events become the input", "Kept private, as the weights are."),
      cause("proof", "An UltraHonk proof is made", "Noir and bb, {proveMs} ms.", "proof"),
      cause("decision", "The verifier contract accepts", "Against the committed weights."),
      cause(
        "transaction",
        "The registry records the output",
        "Model, input hash, output {output}, requester, nonce.",
        "transaction",
      ),
    ],
  },
  gated: {
    rows: [
      row("amount", "Paid", "amount"),
      row("without", "Without the proof", "code"),
      row("usedTwice", "With it once more", "code"),
      TRANSACTION,
      GAS,
    ],
    causes: [
      refusal("decision", "Without the proof: refused", "{without}, nothing signed."),
      cause("proof", "With it, the policy allows", "Fresh, unused, of that model, high enough."),
      cause(
        "transaction",
        "Paid, and the proof consumed",
        "{amount} in the same transaction, {gas} gas.",
        "transaction",
      ),
      refusal("decision", "Once more: refused", "{usedTwice}, it was used."),
    ],
  },
  settle: {
    rows: [
      row("amount", "To be paid out", "amount"),
      row("epoch", "Epoch", "number"),
      row("cashOut", "Cash-out", "identifier"),
      row("root", "Merkle root", "identifier"),
    ],
    causes: [
      cause("posting", "The ledger owes it", "{amount} leaves the balance at once.", "cashOut"),
      cause("decision", "The epoch closes", "Everybody's cumulative claims become one tree."),
      cause("transaction", "The Vault funds the distributor", "Before any root may promise it."),
      cause("transaction", "The root goes on chain", "Epoch {epoch}.", "root"),
    ],
  },
  claim: {
    rows: [
      row("amount", "Arrived", "amount"),
      row("account", "Own account", "identifier"),
      row("operation", "Operation signed", "identifier"),
      TRANSACTION,
      GAS,
      row("gasPaidBy", "Gas paid by", "word"),
    ],
    causes: [
      cause("signature", "The passkey signs one operation", "Claim, and nothing else.", "operation"),
      cause("decision", "The sponsor pays the gas", "A paymaster, for calls it knows."),
      cause(
        "transaction",
        "The distributor pays",
        "The Merkle proof is checked; {amount} to that account only.",
        "transaction",
      ),
    ],
  },
};

export const STEP_FACTS: Record<string, StepFacts> = { ...EARN_AND_SPEND, ...AGENT, ...PROVE_AND_SETTLE };

/** A text with what the step left behind in it, and an ellipsis for what is not known yet. */
export function fillText(text: string, receipt: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (_match, key: string) => {
    const value = receipt[key];
    if (value === undefined || value === "") return "…";
    return typeof value === "number" || /^\d+$/.test(value) ? Number(value).toLocaleString("en") : value;
  });
}
