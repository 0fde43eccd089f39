-- CreateTable
CREATE TABLE "ledger_archive" (
    "from_id" BIGINT NOT NULL,
    "to_id" BIGINT NOT NULL,
    "rows" BIGINT NOT NULL,
    "first_batch" BIGINT NOT NULL,
    "last_batch" BIGINT NOT NULL,
    "last_at" TIMESTAMPTZ(3) NOT NULL,
    "manifest" TEXT NOT NULL,
    "manifest_hash" TEXT NOT NULL,
    "detached_at" TIMESTAMPTZ(3),

    CONSTRAINT "ledger_archive_pkey" PRIMARY KEY ("from_id")
);

-- CreateTable
CREATE TABLE "ledger_archive_sum" (
    "from_id" BIGINT NOT NULL,
    "account_id" BIGINT NOT NULL,
    "debits" BIGINT NOT NULL,
    "credits" BIGINT NOT NULL,

    CONSTRAINT "ledger_archive_sum_pkey" PRIMARY KEY ("from_id","account_id")
);

-- CreateIndex
CREATE INDEX "ledger_archive_sum_account_id_idx" ON "ledger_archive_sum"("account_id");

-- AddForeignKey
ALTER TABLE "ledger_archive_sum" ADD CONSTRAINT "ledger_archive_sum_from_id_fkey" FOREIGN KEY ("from_id") REFERENCES "ledger_archive"("from_id") ON DELETE CASCADE ON UPDATE CASCADE;
