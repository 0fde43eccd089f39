-- CreateEnum
CREATE TYPE "verifier_kind" AS ENUM ('optimized', 'plain');

-- DropIndex
DROP INDEX "proving_model_registry_model_id_key";

-- AlterTable
ALTER TABLE "proving_model" ADD COLUMN     "registry_version" INTEGER NOT NULL DEFAULT 1,
ADD COLUMN     "retired_at" TIMESTAMPTZ(3),
ADD COLUMN     "taken_down_reason" TEXT,
ADD COLUMN     "verifier_kind" "verifier_kind" NOT NULL DEFAULT 'optimized',
ADD COLUMN     "withdrawn_reason" TEXT;

-- CreateIndex
CREATE UNIQUE INDEX "proving_model_registry_model_id_registry_version_key" ON "proving_model"("registry_model_id", "registry_version");
