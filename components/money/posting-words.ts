/** What people call each kind of posting. A kind that is not here is shown as the ledger names it. */
const WORDS: Record<string, string> = {
  inference: "Completion",
  "inference-fee": "Platform fee",
  compute: "Job",
  "compute-fee": "Platform fee",
  "escrow-deposit": "Into an escrow",
  "escrow-settlement": "Settled by the escrow",
  "escrow-overpaid": "Paid beyond what was earned",
  "escrow-refund": "Back from an escrow",
  "pool-payout": "Share of a pool",
  "pool-fee": "Pool fee",
  reward: "Reward",
  cash_out: "Cash-out",
  epoch_settlement: "Epoch settlement",
  deposit: "Deposit",
  withdrawal: "Withdrawal",
  payment: "Payment",
  campaign_funding: "Campaign funding",
};

export function postingWord(kind: string): string {
  const known = WORDS[kind];
  if (known) return known;
  const words = kind.replaceAll(/[._-]/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
