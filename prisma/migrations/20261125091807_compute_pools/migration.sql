-- CreateTable
CREATE TABLE "compute_pool" (
    "id" TEXT NOT NULL,
    "owner_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "scheme" TEXT NOT NULL,
    "fee_bps" INTEGER NOT NULL,
    "window_work" BIGINT NOT NULL,
    "round" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "closed_at" TIMESTAMPTZ(3),

    CONSTRAINT "compute_pool_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "compute_pool_member" (
    "node_id" TEXT NOT NULL,
    "pool_id" TEXT NOT NULL,
    "owner_id" TEXT NOT NULL,
    "joined_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "compute_pool_member_pkey" PRIMARY KEY ("node_id")
);

-- CreateTable
CREATE TABLE "compute_pool_share" (
    "id" BIGSERIAL NOT NULL,
    "pool_id" TEXT NOT NULL,
    "node_id" TEXT NOT NULL,
    "owner_id" TEXT NOT NULL,
    "work" BIGINT NOT NULL,
    "ref_id" TEXT NOT NULL,
    "round" INTEGER,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "compute_pool_share_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "compute_pool_payout" (
    "pool_id" TEXT NOT NULL,
    "round" INTEGER NOT NULL,
    "owner_id" TEXT NOT NULL,
    "work" BIGINT NOT NULL,
    "amount" BIGINT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "compute_pool_payout_pkey" PRIMARY KEY ("pool_id","round","owner_id")
);

-- CreateIndex
CREATE INDEX "compute_pool_owner_id_idx" ON "compute_pool"("owner_id");

-- CreateIndex
CREATE INDEX "compute_pool_member_pool_id_idx" ON "compute_pool_member"("pool_id");

-- CreateIndex
CREATE INDEX "compute_pool_share_pool_id_id_idx" ON "compute_pool_share"("pool_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "compute_pool_share_ref_id_node_id_key" ON "compute_pool_share"("ref_id", "node_id");

-- CreateIndex
CREATE INDEX "compute_pool_payout_owner_id_created_at_idx" ON "compute_pool_payout"("owner_id", "created_at");
