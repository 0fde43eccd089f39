/** What each section of the audit is called, and what it compares. docs/audit.md has the same list. */
export const SECTION_WORDS: Record<string, readonly [title: string, compares: string]> = {
  ledger: ["Ledger", "Every sum with its rows, every sealed batch with its hash, the chain from its first link."],
  adjustments: ["Adjustments", "Every adjustment in the ledger with what two people agreed on."],
  roots: ["Roots", "Every root at the Vault with its epoch, its leaves and the ledger’s chain."],
  deposits: ["Deposits", "Every deposit at the Vault with its transfer."],
  unclaimed: ["Unclaimed", "Tokens that came without a deposit with the token’s own transfers."],
  calls: ["Paid calls", "Every call that was paid for by itself with the token’s own transfer."],
  payments: ["Payments", "Every payment of the Vault with what the ledger let go of."],
  reserves: ["Reserves", "What lies in the contracts with what the ledger says, and with all that is owed."],
  escrows: [
    "Escrows",
    "What the books have of every lease with what its events leave in it, and vouchers with payments.",
  ],
  indexer: ["Indexer", "Whether the chain is still the one whose events were applied."],
};
