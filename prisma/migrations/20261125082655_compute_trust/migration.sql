-- AlterTable
ALTER TABLE "compute_node" ADD COLUMN     "is_reference" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "next_challenge_at" TIMESTAMPTZ(3),
ADD COLUMN     "peer_hash" TEXT,
ADD COLUMN     "proven_at" TIMESTAMPTZ(3),
ADD COLUMN     "proven_memory_mb" INTEGER,
ADD COLUMN     "trust" TEXT NOT NULL DEFAULT 'new',
ADD COLUMN     "trust_at" TIMESTAMPTZ(3),
ADD COLUMN     "trust_reason" TEXT;

-- AlterTable
ALTER TABLE "compute_join_token" ADD COLUMN     "is_reference" BOOLEAN NOT NULL DEFAULT false;

-- AlterTable
ALTER TABLE "inference_attempt" ALTER COLUMN "inference_id" DROP NOT NULL;

-- CreateTable
CREATE TABLE "compute_challenge" (
    "id" TEXT NOT NULL,
    "node_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "peer_ids" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "nonce" TEXT,
    "memory_mb" INTEGER,
    "answer" TEXT,
    "twin_id" TEXT,
    "mark" TEXT,
    "tokens_per_second" DOUBLE PRECISION,
    "details" JSONB NOT NULL DEFAULT '{}',
    "device_ms" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "sent_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "compute_challenge_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "compute_gpu" (
    "node_id" TEXT NOT NULL,
    "uuid" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "memory_bytes" BIGINT NOT NULL,
    "is_present" BOOLEAN NOT NULL DEFAULT true,
    "first_seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "compute_gpu_pkey" PRIMARY KEY ("node_id","uuid")
);

-- CreateTable
CREATE TABLE "compute_dispute" (
    "id" TEXT NOT NULL,
    "node_id" TEXT NOT NULL,
    "owner_id" TEXT NOT NULL,
    "challenge_id" TEXT,
    "statement" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'open',
    "resolution" TEXT,
    "resolved_by" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "resolved_at" TIMESTAMPTZ(3),

    CONSTRAINT "compute_dispute_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "compute_challenge_node_id_created_at_idx" ON "compute_challenge"("node_id", "created_at");

-- CreateIndex
CREATE INDEX "compute_challenge_status_kind_idx" ON "compute_challenge"("status", "kind");

-- CreateIndex
CREATE INDEX "compute_challenge_mark_idx" ON "compute_challenge"("mark");

-- CreateIndex
CREATE INDEX "compute_gpu_uuid_idx" ON "compute_gpu"("uuid");

-- CreateIndex
CREATE INDEX "compute_dispute_node_id_created_at_idx" ON "compute_dispute"("node_id", "created_at");

-- CreateIndex
CREATE INDEX "compute_dispute_owner_id_created_at_idx" ON "compute_dispute"("owner_id", "created_at");

-- CreateIndex
CREATE INDEX "compute_dispute_status_created_at_idx" ON "compute_dispute"("status", "created_at");

-- CreateIndex
CREATE INDEX "compute_node_next_challenge_at_idx" ON "compute_node"("next_challenge_at");
