-- CreateTable
CREATE TABLE "signer_halt" (
    "scope" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "signer_halt_pkey" PRIMARY KEY ("scope")
);

-- CreateTable
CREATE TABLE "agent_breaker" (
    "agent_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "is_on" BOOLEAN NOT NULL DEFAULT true,
    "limit" BIGINT NOT NULL,
    "rearm_at" BIGINT NOT NULL,
    "seconds" INTEGER NOT NULL,
    "hold_seconds" INTEGER,
    "tripped_at" TIMESTAMPTZ(3),
    "reason" TEXT,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "agent_breaker_pkey" PRIMARY KEY ("agent_id","kind")
);

-- CreateTable
CREATE TABLE "agent_breaker_event" (
    "id" TEXT NOT NULL,
    "agent_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "what" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "user_id" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "agent_breaker_event_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "agent_breaker_tripped_at_idx" ON "agent_breaker"("tripped_at");

-- CreateIndex
CREATE INDEX "agent_breaker_event_agent_id_created_at_idx" ON "agent_breaker_event"("agent_id", "created_at");

-- AddForeignKey
ALTER TABLE "agent_breaker" ADD CONSTRAINT "agent_breaker_agent_id_fkey" FOREIGN KEY ("agent_id") REFERENCES "agent"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "agent_breaker_event" ADD CONSTRAINT "agent_breaker_event_agent_id_fkey" FOREIGN KEY ("agent_id") REFERENCES "agent"("id") ON DELETE CASCADE ON UPDATE CASCADE;
