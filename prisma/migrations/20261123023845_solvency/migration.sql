-- AlterTable
ALTER TABLE "chain_transaction" ADD COLUMN     "is_barrier" BOOLEAN NOT NULL DEFAULT false;

-- CreateTable
CREATE TABLE "solvency_epoch" (
    "number" BIGINT NOT NULL,
    "status" TEXT NOT NULL,
    "root" TEXT NOT NULL,
    "liabilities" BIGINT NOT NULL,
    "leaf_count" INTEGER NOT NULL,
    "deposits_counted" BIGINT NOT NULL,
    "head_link" BIGINT NOT NULL,
    "head_hash" TEXT NOT NULL,
    "reserves" BIGINT NOT NULL,
    "snapshot_at" TIMESTAMPTZ(3) NOT NULL,
    "snapshot_block" BIGINT NOT NULL,
    "transaction_hash" TEXT,
    "block_number" BIGINT,
    "anchored_at" TIMESTAMPTZ(3),
    "error" TEXT,

    CONSTRAINT "solvency_epoch_pkey" PRIMARY KEY ("number")
);

-- CreateTable
CREATE TABLE "solvency_leaf" (
    "epoch_number" BIGINT NOT NULL,
    "place" INTEGER NOT NULL,
    "account_code" TEXT NOT NULL,
    "exit_to" TEXT NOT NULL,
    "balance" BIGINT NOT NULL,

    CONSTRAINT "solvency_leaf_pkey" PRIMARY KEY ("epoch_number","place")
);

-- CreateTable
CREATE TABLE "solvency_salt" (
    "account_code" TEXT NOT NULL,
    "salt" TEXT NOT NULL,

    CONSTRAINT "solvency_salt_pkey" PRIMARY KEY ("account_code")
);

-- CreateIndex
CREATE INDEX "solvency_epoch_status_number_idx" ON "solvency_epoch"("status", "number");

-- CreateIndex
CREATE UNIQUE INDEX "solvency_leaf_epoch_number_account_code_key" ON "solvency_leaf"("epoch_number", "account_code");

-- AddForeignKey
ALTER TABLE "solvency_leaf" ADD CONSTRAINT "solvency_leaf_epoch_number_fkey" FOREIGN KEY ("epoch_number") REFERENCES "solvency_epoch"("number") ON DELETE CASCADE ON UPDATE CASCADE;
