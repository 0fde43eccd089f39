-- AlterTable
ALTER TABLE "agent" ADD COLUMN     "exported_at" TIMESTAMPTZ(3);
