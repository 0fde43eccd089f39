-- AlterTable
ALTER TABLE "agent_activity" ADD COLUMN     "asked_by" JSONB,
ADD COLUMN     "breakers" JSONB,
ADD COLUMN     "judged" JSONB,
ADD COLUMN     "signed" JSONB;

-- AlterTable
ALTER TABLE "user_operation" ADD COLUMN     "block_number" BIGINT,
ADD COLUMN     "mined_at" TIMESTAMPTZ(3),
ADD COLUMN     "payer" TEXT;
