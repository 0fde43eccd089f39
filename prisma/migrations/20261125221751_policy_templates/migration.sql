-- AlterTable
ALTER TABLE "agent" ADD COLUMN     "template_id" TEXT,
ADD COLUMN     "template_version" INTEGER;

-- CreateTable
CREATE TABLE "policy_template" (
    "id" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'draft',
    "position" INTEGER NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "policy_template_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "policy_template_version" (
    "template_id" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "policy" JSONB NOT NULL,
    "created_by" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "policy_template_version_pkey" PRIMARY KEY ("template_id","number")
);

-- CreateIndex
CREATE INDEX "policy_template_status_position_idx" ON "policy_template"("status", "position");

-- CreateIndex
CREATE INDEX "agent_template_id_template_version_idx" ON "agent"("template_id", "template_version");

-- AddForeignKey
ALTER TABLE "agent" ADD CONSTRAINT "agent_template_id_template_version_fkey" FOREIGN KEY ("template_id", "template_version") REFERENCES "policy_template_version"("template_id", "number") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "policy_template_version" ADD CONSTRAINT "policy_template_version_template_id_fkey" FOREIGN KEY ("template_id") REFERENCES "policy_template"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
