-- AlterTable
ALTER TABLE "withdrawal" ADD COLUMN     "decided_at" TIMESTAMPTZ(3),
ADD COLUMN     "decided_by" TEXT,
ADD COLUMN     "expires_at" TIMESTAMPTZ(3),
ADD COLUMN     "send_at" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "withdrawal_address" (
    "user_id" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "label" TEXT,
    "usable_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "withdrawal_address_pkey" PRIMARY KEY ("user_id","address")
);

-- CreateTable
CREATE TABLE "deposit" (
    "transaction_hash" TEXT NOT NULL,
    "log_index" INTEGER NOT NULL,
    "block_number" BIGINT NOT NULL,
    "ref" TEXT NOT NULL,
    "account_code" TEXT NOT NULL,
    "from" TEXT NOT NULL,
    "amount" BIGINT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "credited_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "deposit_pkey" PRIMARY KEY ("transaction_hash","log_index")
);

-- CreateTable
CREATE TABLE "unassigned_transfer" (
    "transaction_hash" TEXT NOT NULL,
    "log_index" INTEGER NOT NULL,
    "block_number" BIGINT NOT NULL,
    "token" TEXT NOT NULL,
    "from" TEXT NOT NULL,
    "amount" DECIMAL(78,0) NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'seen',
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "unassigned_transfer_pkey" PRIMARY KEY ("transaction_hash","log_index")
);

-- CreateIndex
CREATE INDEX "deposit_ref_block_number_idx" ON "deposit"("ref", "block_number");

-- CreateIndex
CREATE INDEX "unassigned_transfer_status_block_number_idx" ON "unassigned_transfer"("status", "block_number");
