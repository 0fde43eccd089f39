-- AlterTable
ALTER TABLE "agent_activity" ADD COLUMN     "call_data" TEXT;

-- CreateTable
CREATE TABLE "agent_policy_version" (
    "id" TEXT NOT NULL,
    "agent_id" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "source" JSONB NOT NULL,
    "policy" JSONB NOT NULL,
    "policy_hash" TEXT NOT NULL,
    "is_narrower" BOOLEAN NOT NULL,
    "status" TEXT NOT NULL,
    "effective_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "active_at" TIMESTAMPTZ(3),

    CONSTRAINT "agent_policy_version_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "agent_policy_version_agent_id_policy_hash_idx" ON "agent_policy_version"("agent_id", "policy_hash");

-- CreateIndex
CREATE UNIQUE INDEX "agent_policy_version_agent_id_number_key" ON "agent_policy_version"("agent_id", "number");

-- AddForeignKey
ALTER TABLE "agent_policy_version" ADD CONSTRAINT "agent_policy_version_agent_id_fkey" FOREIGN KEY ("agent_id") REFERENCES "agent"("id") ON DELETE CASCADE ON UPDATE CASCADE;
