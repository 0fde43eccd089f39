-- AlterTable
ALTER TABLE "compute_node" DROP COLUMN "last_failure_at",
ADD COLUMN     "region" TEXT;

-- AlterTable
ALTER TABLE "compute_offer" ADD COLUMN     "failures" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "features" TEXT[] DEFAULT ARRAY['chat']::TEXT[],
ADD COLUMN     "first_token_ms" DOUBLE PRECISION,
ADD COLUMN     "last_failure_at" TIMESTAMPTZ(3),
ADD COLUMN     "open_until" TIMESTAMPTZ(3),
ADD COLUMN     "precision" TEXT,
ADD COLUMN     "tokens_per_second" DOUBLE PRECISION;

-- CreateTable
CREATE TABLE "compute_flag" (
    "id" TEXT NOT NULL,
    "node_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "inference_id" TEXT,
    "details" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "compute_flag_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "compute_flag_node_id_created_at_idx" ON "compute_flag"("node_id", "created_at");
