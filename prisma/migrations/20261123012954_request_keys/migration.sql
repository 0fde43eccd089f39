-- AlterTable
ALTER TABLE "inference" ADD COLUMN     "request_hash" TEXT,
ADD COLUMN     "request_key" TEXT;

-- AlterTable
ALTER TABLE "agent_activity" ADD COLUMN     "call_data_hash" TEXT,
ADD COLUMN     "request_key" TEXT;

-- What was done before requests had keys answers to its own id, and to no caller's key.
UPDATE "agent_activity" SET "request_key" = "id", "call_data_hash" = '0x';
ALTER TABLE "agent_activity" ALTER COLUMN "call_data_hash" SET NOT NULL,
ALTER COLUMN "request_key" SET NOT NULL;

-- CreateTable
CREATE TABLE "inference_answer" (
    "inference_id" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "inference_answer_pkey" PRIMARY KEY ("inference_id")
);

-- CreateIndex
CREATE INDEX "inference_answer_created_at_idx" ON "inference_answer"("created_at");

-- CreateIndex
CREATE UNIQUE INDEX "inference_request_key_key" ON "inference"("request_key");

-- CreateIndex
CREATE UNIQUE INDEX "agent_activity_request_key_key" ON "agent_activity"("request_key");

-- CreateIndex
CREATE INDEX "user_operation_status_expires_at_idx" ON "user_operation"("status", "expires_at");

-- CreateIndex
CREATE INDEX "withdrawal_status_idx" ON "withdrawal"("status");

-- AddForeignKey
ALTER TABLE "inference_answer" ADD CONSTRAINT "inference_answer_inference_id_fkey" FOREIGN KEY ("inference_id") REFERENCES "inference"("id") ON DELETE CASCADE ON UPDATE CASCADE;
