-- CreateTable
CREATE TABLE "cap_reason" (
    "change_id" BIGINT NOT NULL,
    "reason" TEXT NOT NULL,

    CONSTRAINT "cap_reason_pkey" PRIMARY KEY ("change_id")
);

-- Why something was changed is said once.
CREATE TRIGGER cap_reason_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON "cap_reason"
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
