-- CreateTable
CREATE TABLE "provider_stake" (
    "address" TEXT NOT NULL,
    "total" BIGINT NOT NULL DEFAULT 0,
    "leaving" BIGINT NOT NULL DEFAULT 0,
    "withdrawable_at" TIMESTAMPTZ(3),
    "locked" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "provider_stake_pkey" PRIMARY KEY ("address")
);

-- CreateTable
CREATE TABLE "stake_claim" (
    "id" TEXT NOT NULL,
    "dispute_id" TEXT NOT NULL,
    "node_id" TEXT NOT NULL,
    "owner_id" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "amount" BIGINT NOT NULL,
    "slashed" BIGINT,
    "reason" TEXT NOT NULL,
    "evidence" TEXT NOT NULL,
    "challenge_id" TEXT,
    "status" TEXT NOT NULL,
    "respond_by" TIMESTAMPTZ(3),
    "decide_by" TIMESTAMPTZ(3),
    "transaction_hash" TEXT,
    "error" TEXT,
    "claimed_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "closed_at" TIMESTAMPTZ(3),

    CONSTRAINT "stake_claim_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "stake_claim_dispute_id_key" ON "stake_claim"("dispute_id");

-- CreateIndex
CREATE INDEX "stake_claim_node_id_created_at_idx" ON "stake_claim"("node_id", "created_at");

-- CreateIndex
CREATE INDEX "stake_claim_status_idx" ON "stake_claim"("status");
