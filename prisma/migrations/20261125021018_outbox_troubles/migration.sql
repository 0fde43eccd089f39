-- AlterTable
ALTER TABLE "chain_transaction" ADD COLUMN     "troubles" INTEGER NOT NULL DEFAULT 0;
