-- CreateTable
CREATE TABLE "compute_rental" (
    "node_id" TEXT NOT NULL,
    "runners" TEXT[],
    "cpu_cores" INTEGER NOT NULL,
    "memory_mb" INTEGER NOT NULL,
    "disk_mb" INTEGER NOT NULL,
    "gpus" JSONB NOT NULL,
    "allows_network" BOOLEAN NOT NULL,
    "has_images" BOOLEAN NOT NULL,
    "price_per_core_hour" BIGINT NOT NULL,
    "price_per_gpu_hour" BIGINT NOT NULL,
    "jobs_max" INTEGER NOT NULL,
    "is_active" BOOLEAN NOT NULL DEFAULT true,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "compute_rental_pkey" PRIMARY KEY ("node_id")
);

-- CreateTable
CREATE TABLE "job" (
    "id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "agent_id" TEXT,
    "api_key_id" TEXT,
    "payer" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "spec" JSONB NOT NULL,
    "status" TEXT NOT NULL,
    "end_reason" TEXT,
    "exit_code" INTEGER,
    "message" TEXT,
    "reservation_id" TEXT NOT NULL,
    "reserved" BIGINT NOT NULL,
    "charged" BIGINT NOT NULL DEFAULT 0,
    "scopes" TEXT[],
    "fence" INTEGER NOT NULL DEFAULT 0,
    "losses" INTEGER NOT NULL DEFAULT 0,
    "checkpoint_blob" TEXT,
    "checkpoint_bytes" BIGINT,
    "checkpoint_at" TIMESTAMPTZ(3),
    "log_end" BIGINT NOT NULL DEFAULT 0,
    "log_kept" BIGINT NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "job_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "job_lease" (
    "id" TEXT NOT NULL,
    "job_id" TEXT NOT NULL,
    "node_id" TEXT NOT NULL,
    "provider_id" TEXT NOT NULL,
    "runner" TEXT NOT NULL,
    "fence" INTEGER NOT NULL,
    "price_per_hour" BIGINT NOT NULL,
    "cpu_cores" INTEGER NOT NULL,
    "memory_mb" INTEGER NOT NULL,
    "disk_mb" INTEGER NOT NULL,
    "gpu_count" INTEGER NOT NULL,
    "status" TEXT NOT NULL,
    "next_index" INTEGER NOT NULL DEFAULT 0,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "handed_at" TIMESTAMPTZ(3),
    "ready_at" TIMESTAMPTZ(3),
    "released_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),
    "checkpointed_at" TIMESTAMPTZ(3),
    "billed_seconds" INTEGER NOT NULL DEFAULT 0,
    "charged" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "job_lease_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "job_artifact" (
    "job_id" TEXT NOT NULL,
    "path" TEXT NOT NULL,
    "blob" TEXT NOT NULL,
    "bytes" BIGINT NOT NULL,

    CONSTRAINT "job_artifact_pkey" PRIMARY KEY ("job_id","path")
);

-- CreateTable
CREATE TABLE "job_log" (
    "job_id" TEXT NOT NULL,
    "at" BIGINT NOT NULL,
    "stream" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "job_log_pkey" PRIMARY KEY ("job_id","at")
);

-- CreateTable
CREATE TABLE "job_metric" (
    "job_id" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "metrics" JSONB NOT NULL,

    CONSTRAINT "job_metric_pkey" PRIMARY KEY ("job_id","at")
);

-- CreateTable
CREATE TABLE "blob" (
    "hash" TEXT NOT NULL,
    "bytes" BIGINT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "blob_pkey" PRIMARY KEY ("hash")
);

-- CreateTable
CREATE TABLE "blob_owner" (
    "hash" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "blob_owner_pkey" PRIMARY KEY ("hash","user_id")
);

-- CreateIndex
CREATE INDEX "job_user_id_id_idx" ON "job"("user_id", "id");

-- CreateIndex
CREATE INDEX "job_status_created_at_idx" ON "job"("status", "created_at");

-- CreateIndex
CREATE INDEX "job_lease_node_id_status_idx" ON "job_lease"("node_id", "status");

-- CreateIndex
CREATE UNIQUE INDEX "job_lease_job_id_fence_key" ON "job_lease"("job_id", "fence");

-- CreateIndex
CREATE INDEX "job_log_created_at_idx" ON "job_log"("created_at");

-- CreateIndex
CREATE INDEX "blob_owner_user_id_idx" ON "blob_owner"("user_id");

-- AddForeignKey
ALTER TABLE "job_lease" ADD CONSTRAINT "job_lease_job_id_fkey" FOREIGN KEY ("job_id") REFERENCES "job"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "job_artifact" ADD CONSTRAINT "job_artifact_job_id_fkey" FOREIGN KEY ("job_id") REFERENCES "job"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "blob_owner" ADD CONSTRAINT "blob_owner_hash_fkey" FOREIGN KEY ("hash") REFERENCES "blob"("hash") ON DELETE CASCADE ON UPDATE CASCADE;
