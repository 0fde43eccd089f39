-- AlterTable
ALTER TABLE "compute_node" ADD COLUMN     "direct_key" TEXT,
ADD COLUMN     "direct_url" TEXT;
