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

const TRANSACTION = row("transaction", "Transaction", "identifier");
const GAS = row("gas", "Gas used", "number");

const EARN_AND_SPEND: Record<string, StepFacts> = {
  "sign-in": {
    rows: [row("user", "Person", "identifier"), row("passkeys", "Passkeys", "number")],
    causes: [
      { kind: "event", title: "The device makes a key pair", detail: "P-256. The private half never leaves it." },
      { kind: "signature", title: "It signs our challenge", detail: "Made for this once, deleted on use." },
      {
        kind: "decision",
        title: "The session opens",
        detail: "Origin, user verification and curve are checked; a session row can be revoked at once.",
        hash: "user",
      },
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
      {
        kind: "signature",
        title: "The device key signs each batch",
        detail: "Numbered, and each names the hash of the one before.",
        hash: "device",
      },
      { kind: "decision", title: "Each event counts once", detail: "{events} events scored, capped, deduplicated." },
      { kind: "posting", title: "One posting a batch", detail: "{credited} from the campaign to the person." },
    ],
  },
  balance: {
    rows: [row("available", "Available", "amount")],
    causes: [
      { kind: "posting", title: "Postings are only ever added", detail: "No balance is written by hand." },
      { kind: "decision", title: "The balance is their sum", detail: "{available} posted and not reserved." },
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
      { kind: "posting", title: "The worst case is reserved", detail: "Before the node is asked, so it can be paid." },
      { kind: "decision", title: "A node is chosen", detail: "By price, measured speed and health.", hash: "node" },
      {
        kind: "posting",
        title: "{tokens} tokens arrive and are captured",
        detail: "Counted on our side; {charged} for what was delivered, the rest released.",
      },
      { kind: "signature", title: "The receipt is signed", detail: "By the platform and the node.", hash: "receipt" },
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
      {
        kind: "signature",
        title: "The signer makes a key",
        detail: "Encrypted at rest, in no other memory.",
        hash: "agent",
      },
      {
        kind: "signature",
        title: "The passkey signs one operation",
        detail: "Its challenge is the operation's hash, nothing else.",
        hash: "operation",
      },
      {
        kind: "transaction",
        title: "The account grants the key its policy",
        detail: "Deployed and granted in one ERC-4337 operation; the sponsor pays the gas.",
        hash: "transaction",
      },
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
      {
        kind: "posting",
        title: "The ledger reserves it",
        detail: "{amount} can no longer be spent twice.",
        hash: "withdrawal",
      },
      {
        kind: "transaction",
        title: "The Vault pays once",
        detail: "Per withdrawal id, on chain.",
        hash: "transaction",
      },
      { kind: "posting", title: "The event captures it", detail: "The confirmed log, not the hash, makes it final." },
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
      {
        kind: "decision",
        title: "The policy allows it",
        detail: "Read from the exact call data: approve, then deposit.",
      },
      { kind: "signature", title: "The agent's key signs", detail: "In the signer, which checks the policy itself." },
      {
        kind: "transaction",
        title: "The contract checks the same policy",
        detail: "{deposited} into the Vault, {gas} gas.",
        hash: "transaction",
      },
      {
        kind: "posting",
        title: "The agent's balance pays",
        detail: "{charged}, from its own key only.",
        hash: "receipt",
      },
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
      { kind: "event", title: "The agent asks to pay {tried}", detail: "The bytes are decoded, never the claim." },
      {
        kind: "decision",
        title: "Over the cap of one payment",
        detail: "Rule {rule}: the limit is {limit}.",
        isRefusal: true,
      },
      {
        kind: "signature",
        title: "No signature exists",
        detail: "Nothing was signed, nothing reserved.",
        isRefusal: true,
      },
    ],
  },
  "contract-refuses": {
    rows: [row("tried", "Tried", "amount"), row("error", "Revert", "code"), row("values", "Asked, allowed", "code")],
    causes: [
      { kind: "event", title: "The same call, past the signer", detail: "As if a stolen key had signed it." },
      {
        kind: "decision",
        title: "The account reverts",
        detail: "With the cap it would break: ({values}) base units.",
        isRefusal: true,
      },
      {
        kind: "transaction",
        title: "No transaction exists",
        detail: "Simulated against the chain's state.",
        isRefusal: true,
      },
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
      { kind: "event", title: "120 events become the input", detail: "Kept private, as the weights are." },
      { kind: "proof", title: "An UltraHonk proof is made", detail: "Noir and bb, {proveMs} ms.", hash: "proof" },
      { kind: "decision", title: "The verifier contract accepts", detail: "Against the committed weights." },
      {
        kind: "transaction",
        title: "The registry records the output",
        detail: "Model, input hash, output {output}, requester, nonce.",
        hash: "transaction",
      },
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
      { kind: "decision", title: "Without the proof: refused", detail: "{without}, nothing signed.", isRefusal: true },
      { kind: "proof", title: "With it, the policy allows", detail: "Fresh, unused, of that model, high enough." },
      {
        kind: "transaction",
        title: "Paid, and the proof consumed",
        detail: "{amount} in the same transaction, {gas} gas.",
        hash: "transaction",
      },
      { kind: "decision", title: "Once more: refused", detail: "{usedTwice}, it was used.", isRefusal: true },
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
      { kind: "posting", title: "The ledger owes it", detail: "{amount} leaves the balance at once.", hash: "cashOut" },
      { kind: "decision", title: "The epoch closes", detail: "Everybody's cumulative claims become one tree." },
      { kind: "transaction", title: "The Vault funds the distributor", detail: "Before any root may promise it." },
      { kind: "transaction", title: "The root goes on chain", detail: "Epoch {epoch}.", hash: "root" },
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
      {
        kind: "signature",
        title: "The passkey signs one operation",
        detail: "Claim, and nothing else.",
        hash: "operation",
      },
      { kind: "decision", title: "The sponsor pays the gas", detail: "A paymaster, for calls it knows." },
      {
        kind: "transaction",
        title: "The distributor pays",
        detail: "The Merkle proof is checked; {amount} to that account only.",
        hash: "transaction",
      },
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
