-- CreateTable
CREATE TABLE "x402_payment" (
    "id" TEXT NOT NULL,
    "payer" TEXT NOT NULL,
    "nonce" TEXT NOT NULL,
    "pay_to" TEXT NOT NULL,
    "amount" BIGINT NOT NULL,
    "valid_before" TIMESTAMPTZ(3) NOT NULL,
    "request_hash" TEXT,
    "user_id" TEXT,
    "status" TEXT NOT NULL,
    "transaction_hash" TEXT,
    "error" TEXT,
    "serving_at" TIMESTAMPTZ(3),
    "served_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "x402_payment_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "x402_payment_transaction_hash_idx" ON "x402_payment"("transaction_hash");

-- CreateIndex
CREATE UNIQUE INDEX "x402_payment_payer_nonce_key" ON "x402_payment"("payer", "nonce");

ALTER TABLE x402_payment ADD CONSTRAINT x402_payment_amount CHECK (amount > 0);
