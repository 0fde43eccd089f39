-- CreateTable
CREATE TABLE "x402_purchase" (
    "id" TEXT NOT NULL,
    "agent_id" TEXT NOT NULL,
    "request_key" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "method" TEXT NOT NULL,
    "body" TEXT,
    "units_max" BIGINT NOT NULL,
    "status" TEXT NOT NULL,
    "payment" JSONB,
    "pay_to" TEXT,
    "amount" BIGINT,
    "nonce" TEXT,
    "valid_before" TIMESTAMPTZ(3),
    "answer_status" INTEGER,
    "answer_type" TEXT,
    "answer" TEXT,
    "transaction_hash" TEXT,
    "refusal" JSONB,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "settled_at" TIMESTAMPTZ(3),

    CONSTRAINT "x402_purchase_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "x402_purchase_request_key_key" ON "x402_purchase"("request_key");

-- CreateIndex
CREATE UNIQUE INDEX "x402_purchase_nonce_key" ON "x402_purchase"("nonce");

-- CreateIndex
CREATE INDEX "x402_purchase_agent_id_created_at_idx" ON "x402_purchase"("agent_id", "created_at");

-- CreateIndex
CREATE INDEX "x402_purchase_status_valid_before_idx" ON "x402_purchase"("status", "valid_before");
