-- CreateTable
CREATE TABLE "agent_strategy" (
    "id" TEXT NOT NULL,
    "agent_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "settings" JSONB NOT NULL,
    "mode" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'running',
    "state" JSONB NOT NULL DEFAULT '{}',
    "turn" INTEGER NOT NULL DEFAULT 0,
    "last_why" TEXT,
    "last_at" TIMESTAMPTZ(3),
    "next_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "lease_until" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "agent_strategy_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "agent_decision" (
    "id" TEXT NOT NULL,
    "strategy_id" TEXT NOT NULL,
    "turn" INTEGER NOT NULL,
    "why" TEXT NOT NULL,
    "intent" JSONB,
    "is_alert" BOOLEAN NOT NULL DEFAULT false,
    "is_done" BOOLEAN NOT NULL DEFAULT false,
    "state_after" JSONB NOT NULL,
    "outcome" TEXT NOT NULL,
    "steps" JSONB,
    "refusal" JSONB,
    "activity_id" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "agent_decision_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "market_price" (
    "token" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "answer" DECIMAL(40,0) NOT NULL,
    "pool_price" DECIMAL(40,0) NOT NULL,

    CONSTRAINT "market_price_pkey" PRIMARY KEY ("token","at")
);

-- CreateIndex
CREATE INDEX "agent_strategy_status_next_at_idx" ON "agent_strategy"("status", "next_at");

-- CreateIndex
CREATE INDEX "agent_strategy_agent_id_created_at_idx" ON "agent_strategy"("agent_id", "created_at");

-- CreateIndex
CREATE INDEX "agent_decision_strategy_id_created_at_idx" ON "agent_decision"("strategy_id", "created_at");

-- CreateIndex
CREATE INDEX "agent_decision_activity_id_idx" ON "agent_decision"("activity_id");

-- CreateIndex
CREATE UNIQUE INDEX "agent_decision_strategy_id_turn_key" ON "agent_decision"("strategy_id", "turn");

-- AddForeignKey
ALTER TABLE "agent_strategy" ADD CONSTRAINT "agent_strategy_agent_id_fkey" FOREIGN KEY ("agent_id") REFERENCES "agent"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "agent_decision" ADD CONSTRAINT "agent_decision_strategy_id_fkey" FOREIGN KEY ("strategy_id") REFERENCES "agent_strategy"("id") ON DELETE CASCADE ON UPDATE CASCADE;
