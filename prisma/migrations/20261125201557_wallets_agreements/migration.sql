-- CreateTable
CREATE TABLE "agent_policy_agreement" (
    "version_id" TEXT NOT NULL,
    "owner" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "signature" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "agent_policy_agreement_pkey" PRIMARY KEY ("version_id","owner")
);

-- AddForeignKey
ALTER TABLE "agent_policy_agreement" ADD CONSTRAINT "agent_policy_agreement_version_id_fkey" FOREIGN KEY ("version_id") REFERENCES "agent_policy_version"("id") ON DELETE CASCADE ON UPDATE CASCADE;
