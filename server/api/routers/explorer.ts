import {
  accountTransfersInput,
  batchTransfersInput,
  ledgerAccountInput,
  ledgerAccountOutput,
  ledgerAccountsInput,
  ledgerAccountsOutput,
  ledgerBatchInput,
  ledgerBatchOutput,
  ledgerReservationInput,
  ledgerReservationOutput,
  ledgerReservationsOutput,
  ledgerSearchInput,
  ledgerSearchOutput,
  ledgerTransferInput,
  ledgerTransferOutput,
  ledgerTransfersOutput,
} from "#core/schemas/explorer.ts";
import {
  getLedgerAccount,
  listAccountTransfers,
  listLedgerAccounts,
  listOpenReservations,
} from "#server/books/explore-accounts.ts";
import { getLedgerBatch, listBatchTransfers } from "#server/books/explore-batches.ts";
import { getLedgerReservation, getLedgerTransfer } from "#server/books/explore-postings.ts";
import { searchLedger } from "#server/books/search-ledger.ts";
import { adminProcedure, router } from "../trpc.ts";

const read = (path: `/${string}`, summary: string) =>
  adminProcedure.meta({
    openapi: { method: "GET", path: `/admin/ledger${path}`, tags: ["Admin"], summary, protect: true },
  });

/** The ledger as it is, for admins. Nothing here changes anything. */
export const explorerRouter = router({
  search: read("/search", "What an identifier, a hash, a key or the beginning of an account's code means in the ledger")
    .input(ledgerSearchInput)
    .output(ledgerSearchOutput)
    .query(({ input }) => searchLedger(input)),

  listAccounts: read("/accounts", "Ledger accounts with their balances")
    .input(ledgerAccountsInput)
    .output(ledgerAccountsOutput)
    .query(({ input }) => listLedgerAccounts(input)),

  getAccount: read("/accounts/{code}", "A ledger account: balances, shards and caps")
    .input(ledgerAccountInput)
    .output(ledgerAccountOutput)
    .query(({ input }) => getLedgerAccount(input)),

  listAccountTransfers: read("/accounts/{code}/transfers", "An account's transfers, newest first")
    .input(accountTransfersInput)
    .output(ledgerTransfersOutput)
    .query(({ input }) => listAccountTransfers(input)),

  listOpenReservations: read("/accounts/{code}/reservations", "What is set aside of an account now")
    .input(accountTransfersInput)
    .output(ledgerReservationsOutput)
    .query(({ input }) => listOpenReservations(input)),

  getTransfer: read("/transfers/{id}", "A transfer from both sides, with its batch")
    .input(ledgerTransferInput)
    .output(ledgerTransferOutput)
    .query(({ input }) => getLedgerTransfer(input)),

  getReservation: read("/reservations/{id}", "A reservation and what became of it")
    .input(ledgerReservationInput)
    .output(ledgerReservationOutput)
    .query(({ input }) => getLedgerReservation(input)),

  getBatch: read("/batches/{id}", "A batch, its hash, and its place in the chain")
    .input(ledgerBatchInput)
    .output(ledgerBatchOutput)
    .query(({ input }) => getLedgerBatch(input)),

  listBatchTransfers: read("/batches/{id}/transfers", "A batch's transfers")
    .input(batchTransfersInput)
    .output(ledgerTransfersOutput)
    .query(({ input }) => listBatchTransfers(input)),
});
