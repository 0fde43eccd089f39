-- CreateTable
CREATE TABLE "agent_value" (
    "agent_id" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "value" BIGINT NOT NULL,
    "index" DECIMAL(40,0) NOT NULL,
    "holdings" JSONB NOT NULL,

    CONSTRAINT "agent_value_pkey" PRIMARY KEY ("agent_id","at")
);

-- AddForeignKey
ALTER TABLE "agent_value" ADD CONSTRAINT "agent_value_agent_id_fkey" FOREIGN KEY ("agent_id") REFERENCES "agent"("id") ON DELETE CASCADE ON UPDATE CASCADE;
