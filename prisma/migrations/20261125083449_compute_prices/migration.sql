-- CreateTable
CREATE TABLE "compute_price_point" (
    "kind" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "price_min" BIGINT NOT NULL,
    "offers" INTEGER NOT NULL,

    CONSTRAINT "compute_price_point_pkey" PRIMARY KEY ("kind","key","at")
);

-- CreateIndex
CREATE INDEX "compute_price_point_at_idx" ON "compute_price_point"("at");
