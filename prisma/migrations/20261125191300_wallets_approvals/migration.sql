-- CreateTable
CREATE TABLE "agent_approval" (
    "activity_id" TEXT NOT NULL,
    "owner" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "signature" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "agent_approval_pkey" PRIMARY KEY ("activity_id","owner")
);

-- AddForeignKey
ALTER TABLE "agent_approval" ADD CONSTRAINT "agent_approval_activity_id_fkey" FOREIGN KEY ("activity_id") REFERENCES "agent_activity"("id") ON DELETE CASCADE ON UPDATE CASCADE;
