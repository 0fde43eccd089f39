-- AlterTable
ALTER TABLE "agent" ADD COLUMN     "imported_at" TIMESTAMPTZ(3);
