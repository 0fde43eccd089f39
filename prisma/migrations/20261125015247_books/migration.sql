-- CreateTable
CREATE TABLE "adjustment" (
    "id" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'open',
    "reason" TEXT NOT NULL,
    "reference" TEXT,
    "source_kind" TEXT,
    "source_transaction" TEXT,
    "source_log_index" INTEGER,
    "content_hash" TEXT NOT NULL,
    "proposed_by" TEXT NOT NULL,
    "request_key" TEXT,
    "proposed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "decided_by" TEXT,
    "decided_at" TIMESTAMPTZ(3),
    "decision_reason" TEXT,

    CONSTRAINT "adjustment_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "adjustment_transfer" (
    "adjustment_id" TEXT NOT NULL,
    "place" INTEGER NOT NULL,
    "debit" TEXT NOT NULL,
    "credit" TEXT NOT NULL,
    "amount" BIGINT NOT NULL,

    CONSTRAINT "adjustment_transfer_pkey" PRIMARY KEY ("adjustment_id","place")
);

-- CreateTable
CREATE TABLE "admin_action" (
    "id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "details" JSONB NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "admin_action_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "reconciliation_run" (
    "id" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'queued',
    "requested_by" TEXT,
    "requested_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),
    "block" BIGINT,
    "link" BIGINT,
    "sections" JSONB NOT NULL DEFAULT '[]',
    "finding_count" INTEGER NOT NULL DEFAULT 0,
    "error" TEXT,

    CONSTRAINT "reconciliation_run_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "adjustment_status_id_idx" ON "adjustment"("status", "id");

-- CreateIndex
CREATE UNIQUE INDEX "adjustment_proposed_by_request_key_key" ON "adjustment"("proposed_by", "request_key");

-- CreateIndex
CREATE INDEX "admin_action_subject_id_idx" ON "admin_action"("subject", "id");

-- CreateIndex
CREATE INDEX "reconciliation_run_finished_at_idx" ON "reconciliation_run"("finished_at");

-- AddForeignKey
ALTER TABLE "adjustment_transfer" ADD CONSTRAINT "adjustment_transfer_adjustment_id_fkey" FOREIGN KEY ("adjustment_id") REFERENCES "adjustment"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- An adjustment's terms are what was approved: they never change, and it is decided once, by somebody else than its proposer.
ALTER TABLE adjustment
  ADD CONSTRAINT adjustment_status CHECK (status IN ('open', 'posted', 'rejected')),
  ADD CONSTRAINT adjustment_decided CHECK ((status = 'open') = (decided_by IS NULL) AND (decided_by IS NULL) = (decided_at IS NULL)),
  ADD CONSTRAINT adjustment_two_people CHECK (decided_by IS DISTINCT FROM proposed_by),
  ADD CONSTRAINT adjustment_source CHECK ((source_kind IS NULL) = (source_transaction IS NULL) AND (source_kind IS NULL) = (source_log_index IS NULL)
    AND source_kind IN ('unassigned', 'deposit', 'withdrawal'));
ALTER TABLE adjustment_transfer ADD CONSTRAINT adjustment_transfer_amount CHECK (amount > 0 AND debit <> credit);
-- What came without a deposit is given away once, whoever proposes and approves what at the same time.
CREATE UNIQUE INDEX adjustment_unassigned_once ON adjustment (source_transaction, source_log_index)
  WHERE status = 'posted' AND source_kind = 'unassigned';
CREATE INDEX adjustment_source ON adjustment (source_transaction, source_log_index) WHERE source_kind IS NOT NULL;

CREATE FUNCTION adjustment_refuse_redecision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.status <> 'open' THEN
    RAISE EXCEPTION 'an adjustment is decided once' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER adjustment_decided_once BEFORE UPDATE ON adjustment FOR EACH ROW EXECUTE FUNCTION adjustment_refuse_redecision();
CREATE TRIGGER adjustment_terms_fixed BEFORE UPDATE OF id, reason, reference, source_kind, source_transaction, source_log_index, content_hash,
  proposed_by, request_key, proposed_at, expires_at ON adjustment FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER adjustment_kept BEFORE DELETE OR TRUNCATE ON adjustment FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER adjustment_transfer_fixed BEFORE UPDATE OR DELETE OR TRUNCATE ON adjustment_transfer
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER admin_action_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON admin_action
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();

-- Two requests at once make one run.
CREATE UNIQUE INDEX reconciliation_run_one_open ON reconciliation_run ((true)) WHERE status IN ('queued', 'running');
ALTER TABLE reconciliation_run ADD CONSTRAINT reconciliation_run_status CHECK (status IN ('queued', 'running', 'done', 'failed'));

-- The first transfer at or after a moment: ids grow with time, so thirty lookups by primary key find it, and no index has to be
-- kept over the times of all transfers. Those that ran at the same time may lie a little out of order: callers leave room.
CREATE FUNCTION ledger_transfer_at(p_at timestamptz) RETURNS bigint LANGUAGE plpgsql STABLE SET enable_seqscan = off AS $$
DECLARE
  low bigint := coalesce((SELECT min(id) FROM ledger_transfer), 1);
  high bigint := coalesce((SELECT max(id) FROM ledger_transfer), 0) + 1;
  middle bigint;
  seen_at timestamptz;
BEGIN
  WHILE low < high LOOP
    middle := low + (high - low) / 2;
    SELECT t.created_at INTO seen_at FROM ledger_transfer t WHERE t.id >= middle AND t.id < high ORDER BY t.id LIMIT 1;
    IF seen_at IS NULL OR seen_at >= p_at THEN
      high := middle;
    ELSE
      low := middle + 1;
    END IF;
  END LOOP;
  RETURN low;
END $$;
