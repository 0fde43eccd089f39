-- AlterTable
ALTER TABLE "compute_node" ADD COLUMN     "attested_as" TEXT,
ADD COLUMN     "attested_until" TIMESTAMPTZ(3),
ADD COLUMN     "chip_id" TEXT,
ADD COLUMN     "measurement" TEXT;
