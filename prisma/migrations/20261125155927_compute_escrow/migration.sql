-- CreateTable
CREATE TABLE "escrow" (
    "id" TEXT NOT NULL,
    "payer" TEXT NOT NULL,
    "provider" TEXT NOT NULL,
    "owner_id" TEXT,
    "agent_id" TEXT,
    "provider_id" TEXT,
    "deposited" BIGINT NOT NULL,
    "settled" BIGINT NOT NULL DEFAULT 0,
    "status" TEXT NOT NULL DEFAULT 'open',
    "closable_at" TIMESTAMPTZ(3),
    "refunded" BIGINT,
    "transaction_hash" TEXT NOT NULL,
    "opened_at" TIMESTAMPTZ(3) NOT NULL,
    "vouchers" INTEGER NOT NULL DEFAULT 0,
    "vouched" BIGINT NOT NULL DEFAULT 0,
    "settling_to" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "escrow_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "escrow_receipt" (
    "number" BIGSERIAL NOT NULL,
    "escrow_id" TEXT NOT NULL,
    "receipt_id" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "amount" BIGINT NOT NULL,
    "voucher" INTEGER,

    CONSTRAINT "escrow_receipt_pkey" PRIMARY KEY ("number")
);

-- CreateTable
CREATE TABLE "escrow_voucher" (
    "escrow_id" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "cumulative" BIGINT NOT NULL,
    "receipts_root" TEXT NOT NULL,
    "signature" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "escrow_voucher_pkey" PRIMARY KEY ("escrow_id","number")
);

-- CreateIndex
CREATE INDEX "escrow_owner_id_idx" ON "escrow"("owner_id");

-- CreateIndex
CREATE INDEX "escrow_provider_id_idx" ON "escrow"("provider_id");

-- CreateIndex
CREATE INDEX "escrow_status_idx" ON "escrow"("status");

-- CreateIndex
CREATE UNIQUE INDEX "escrow_receipt_receipt_id_key" ON "escrow_receipt"("receipt_id");

-- CreateIndex
CREATE INDEX "escrow_receipt_escrow_id_voucher_number_idx" ON "escrow_receipt"("escrow_id", "voucher", "number");

-- AddForeignKey
ALTER TABLE "escrow_receipt" ADD CONSTRAINT "escrow_receipt_escrow_id_fkey" FOREIGN KEY ("escrow_id") REFERENCES "escrow"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "escrow_voucher" ADD CONSTRAINT "escrow_voucher_escrow_id_fkey" FOREIGN KEY ("escrow_id") REFERENCES "escrow"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- The money in leases of ComputeEscrow stands outside the ledger, as that in the Vault does.
ALTER TABLE ledger_account DROP CONSTRAINT ledger_account_overdraft_is_named;
ALTER TABLE ledger_account ADD CONSTRAINT ledger_account_overdraft_is_named CHECK (
  NOT may_overdraw OR split_part(code, '/', 1) IN ('platform:vault', 'platform:escrow', 'platform:external', 'platform:external:EUR'));

ALTER TABLE escrow
  ADD CONSTRAINT escrow_amounts CHECK (deposited > 0 AND settled >= 0 AND settled <= deposited AND vouched >= 0);
ALTER TABLE escrow_receipt ADD CONSTRAINT escrow_receipt_amount CHECK (amount > 0);
