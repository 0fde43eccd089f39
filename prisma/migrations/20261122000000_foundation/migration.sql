-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateEnum
CREATE TYPE "proof_status" AS ENUM ('queued', 'proving', 'proved', 'recorded', 'failed');

-- CreateTable
CREATE TABLE "idempotent_request" (
    "id" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "request_hash" TEXT NOT NULL,
    "status" INTEGER,
    "body" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "locked_until" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "idempotent_request_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "rate_limit" (
    "key" VARCHAR(255) NOT NULL,
    "points" INTEGER NOT NULL DEFAULT 0,
    "expire" BIGINT,

    CONSTRAINT "rate_limit_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "chain_transaction" (
    "id" TEXT NOT NULL,
    "sequence" BIGSERIAL NOT NULL,
    "key" TEXT NOT NULL,
    "to" TEXT NOT NULL,
    "data" TEXT NOT NULL,
    "gas" BIGINT,
    "purpose" TEXT NOT NULL,
    "ref_id" TEXT,
    "status" TEXT NOT NULL DEFAULT 'queued',
    "nonce" INTEGER,
    "gas_limit" BIGINT,
    "max_fee" BIGINT,
    "priority_fee" BIGINT,
    "tries" INTEGER NOT NULL DEFAULT 0,
    "not_before" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "sent_at" TIMESTAMPTZ(3),
    "hash" TEXT,
    "block_number" BIGINT,
    "block_hash" TEXT,
    "gas_used" BIGINT,
    "gas_price" BIGINT,
    "error" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "chain_transaction_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "chain_attempt" (
    "hash" TEXT NOT NULL,
    "transaction_id" TEXT NOT NULL,
    "raw" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "chain_attempt_pkey" PRIMARY KEY ("hash")
);

-- CreateTable
CREATE TABLE "chain_sender" (
    "address" TEXT NOT NULL,
    "next_nonce" INTEGER NOT NULL,

    CONSTRAINT "chain_sender_pkey" PRIMARY KEY ("address")
);

-- CreateTable
CREATE TABLE "chain_cursor" (
    "name" TEXT NOT NULL,
    "block_number" BIGINT NOT NULL,
    "block_hash" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'following',
    "detail" TEXT,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "chain_cursor_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "chain_log" (
    "block_hash" TEXT NOT NULL,
    "log_index" INTEGER NOT NULL,
    "block_number" BIGINT NOT NULL,
    "transaction_hash" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "event" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "chain_log_pkey" PRIMARY KEY ("block_hash","log_index")
);

-- CreateTable
CREATE TABLE "compute_node" (
    "id" TEXT NOT NULL,
    "owner_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "public_key" TEXT NOT NULL,
    "hardware" JSONB NOT NULL,
    "version" TEXT NOT NULL,
    "capacity" INTEGER NOT NULL,
    "status" TEXT NOT NULL,
    "last_seen_at" TIMESTAMPTZ(3) NOT NULL,
    "joined_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_failure_at" TIMESTAMPTZ(3),
    "tokens_per_second" DOUBLE PRECISION,
    "first_token_ms" DOUBLE PRECISION,
    "attempts_succeeded" INTEGER NOT NULL DEFAULT 0,
    "attempts_failed" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "compute_node_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "compute_join_token" (
    "id" TEXT NOT NULL,
    "owner_id" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "used_at" TIMESTAMPTZ(3),
    "node_id" TEXT,

    CONSTRAINT "compute_join_token_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "compute_offer" (
    "id" TEXT NOT NULL,
    "node_id" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "input_price" BIGINT NOT NULL,
    "output_price" BIGINT NOT NULL,
    "context_tokens" INTEGER NOT NULL,
    "can_continue" BOOLEAN NOT NULL,
    "is_active" BOOLEAN NOT NULL DEFAULT true,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "compute_offer_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "compute_nonce" (
    "node_id" TEXT NOT NULL,
    "nonce" TEXT NOT NULL,
    "sent_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "compute_nonce_pkey" PRIMARY KEY ("node_id","nonce")
);

-- CreateTable
CREATE TABLE "inference" (
    "id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "agent_id" TEXT,
    "api_key_id" TEXT,
    "payer" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "counting" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "reservation_id" TEXT NOT NULL,
    "reserved" BIGINT NOT NULL,
    "charged" BIGINT,
    "prompt_hash" TEXT NOT NULL,
    "prompt_tokens" INTEGER NOT NULL,
    "max_tokens" INTEGER NOT NULL,
    "completion_tokens" INTEGER,
    "finish_reason" TEXT,
    "error_code" TEXT,
    "receipt_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "first_token_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "inference_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "inference_attempt" (
    "id" TEXT NOT NULL,
    "inference_id" TEXT NOT NULL,
    "node_id" TEXT NOT NULL,
    "gateway" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "work" JSONB,
    "error" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "inference_attempt_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "inference_receipt" (
    "id" TEXT NOT NULL,
    "inference_id" TEXT NOT NULL,
    "body" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "platform_signature" TEXT,
    "platform_public_key" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "inference_receipt_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "inference_receipt_signature" (
    "receipt_id" TEXT NOT NULL,
    "node_id" TEXT NOT NULL,
    "public_key" TEXT NOT NULL,
    "signature" TEXT,
    "asked_at" TIMESTAMPTZ(3),
    "signed_at" TIMESTAMPTZ(3),

    CONSTRAINT "inference_receipt_signature_pkey" PRIMARY KEY ("receipt_id","node_id")
);

-- CreateTable
CREATE TABLE "user" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "roles" TEXT[] DEFAULT ARRAY['user']::TEXT[],
    "demo_name" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "user_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "session" (
    "id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "revoked_at" TIMESTAMPTZ(3),
    "method" TEXT NOT NULL,
    "user_agent" TEXT NOT NULL DEFAULT '',

    CONSTRAINT "session_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "passkey" (
    "id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "credential_id" TEXT NOT NULL,
    "public_key" BYTEA NOT NULL,
    "x" TEXT NOT NULL,
    "y" TEXT NOT NULL,
    "counter" BIGINT NOT NULL DEFAULT 0,
    "transports" TEXT[],
    "name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_used_at" TIMESTAMPTZ(3),

    CONSTRAINT "passkey_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "user_wallet" (
    "address" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "user_wallet_pkey" PRIMARY KEY ("address")
);

-- CreateTable
CREATE TABLE "auth_challenge" (
    "id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "value" TEXT NOT NULL,
    "user_id" TEXT,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "auth_challenge_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "api_key" (
    "id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "agent_id" TEXT,
    "name" TEXT NOT NULL,
    "prefix" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "scopes" TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),
    "last_used_at" TIMESTAMPTZ(3),

    CONSTRAINT "api_key_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ledger_account" (
    "id" BIGSERIAL NOT NULL,
    "code" TEXT NOT NULL,
    "asset" TEXT NOT NULL,
    "owner_id" TEXT,
    "debits_posted" BIGINT NOT NULL DEFAULT 0,
    "credits_posted" BIGINT NOT NULL DEFAULT 0,
    "debits_pending" BIGINT NOT NULL DEFAULT 0,
    "may_overdraw" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "ledger_account_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ledger_transfer" (
    "id" BIGSERIAL NOT NULL,
    "key" TEXT,
    "debit_id" BIGINT NOT NULL,
    "credit_id" BIGINT NOT NULL,
    "amount" BIGINT NOT NULL,
    "asset" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "ref_id" TEXT,
    "memo" TEXT,
    "reservation_id" TEXT,
    "batch_id" BIGINT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "ledger_transfer_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ledger_reservation" (
    "id" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "account_id" BIGINT NOT NULL,
    "amount" BIGINT NOT NULL,
    "captured" BIGINT NOT NULL DEFAULT 0,
    "released" BIGINT NOT NULL DEFAULT 0,
    "status" TEXT NOT NULL DEFAULT 'open',
    "purpose" TEXT NOT NULL,
    "ref_id" TEXT,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "closed_key" TEXT,
    "closed_hash" TEXT,
    "closed_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "ledger_reservation_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "process_heartbeat" (
    "name" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "process_heartbeat_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "proving_model" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "architecture" TEXT NOT NULL,
    "chain_id" INTEGER NOT NULL,
    "registry_model_id" TEXT NOT NULL,
    "commitment" TEXT NOT NULL,
    "verifier_address" TEXT NOT NULL,
    "owner_address" TEXT NOT NULL,
    "circuit_hash" TEXT NOT NULL,
    "gates" INTEGER NOT NULL,
    "accuracy_float" INTEGER NOT NULL,
    "accuracy_quantised" INTEGER NOT NULL,
    "is_current" BOOLEAN NOT NULL DEFAULT true,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "proving_model_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "proof" (
    "id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "model_id" TEXT NOT NULL,
    "status" "proof_status" NOT NULL DEFAULT 'queued',
    "requester" TEXT NOT NULL,
    "nonce" TEXT NOT NULL,
    "deadline" TIMESTAMPTZ(0) NOT NULL,
    "context" TEXT NOT NULL,
    "inference_id" TEXT NOT NULL,
    "private_input" JSONB,
    "input_hash" TEXT,
    "output" INTEGER,
    "proof" BYTEA,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "locked_until" TIMESTAMPTZ(3),
    "failure_code" TEXT,
    "prove_ms" INTEGER,
    "idempotency_key" TEXT NOT NULL,
    "request_hash" TEXT NOT NULL,
    "transaction_hash" TEXT,
    "block_number" BIGINT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "proved_at" TIMESTAMPTZ(3),
    "recorded_at" TIMESTAMPTZ(3),
    "consumed_at" TIMESTAMPTZ(3),
    "consumed_hash" TEXT,

    CONSTRAINT "proof_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "reward_campaign" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "price_per_view" BIGINT NOT NULL,
    "price_per_scroll" BIGINT NOT NULL,
    "price_per_dwell_second" BIGINT NOT NULL,
    "user_cap_per_day" BIGINT NOT NULL,
    "device_cap_per_day" BIGINT NOT NULL,
    "item_ids" TEXT[],
    "starts_at" TIMESTAMPTZ(3) NOT NULL,
    "ends_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "reward_campaign_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "reward_device" (
    "id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "public_key" TEXT NOT NULL,
    "max_sequence" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "reward_device_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "reward_batch" (
    "id" TEXT NOT NULL,
    "device_id" TEXT NOT NULL,
    "sequence" INTEGER NOT NULL,
    "hash" TEXT NOT NULL,
    "previous_hash" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "campaign_id" TEXT NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL,
    "accepted_count" INTEGER NOT NULL,
    "duplicate_count" INTEGER NOT NULL,
    "rejected_count" INTEGER NOT NULL,
    "score" INTEGER NOT NULL,
    "worth" BIGINT NOT NULL,
    "credited" BIGINT NOT NULL,
    "withheld_reason" TEXT,

    CONSTRAINT "reward_batch_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "reward_event" (
    "user_id" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "batch_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "item_id" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "dwell_ms" INTEGER,
    "depth" INTEGER,
    "worth" BIGINT NOT NULL,

    CONSTRAINT "reward_event_pkey" PRIMARY KEY ("user_id","id")
);

-- CreateTable
CREATE TABLE "reward_claim" (
    "address" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "cumulative" BIGINT NOT NULL,
    "paid" BIGINT NOT NULL DEFAULT 0,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "reward_claim_pkey" PRIMARY KEY ("address")
);

-- CreateTable
CREATE TABLE "reward_cash_out" (
    "id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "units" BIGINT NOT NULL,
    "key" TEXT NOT NULL,
    "epoch_number" INTEGER,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "paid_at" TIMESTAMPTZ(3),
    "paid_hash" TEXT,

    CONSTRAINT "reward_cash_out_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "reward_epoch" (
    "number" INTEGER NOT NULL,
    "status" TEXT NOT NULL,
    "root" TEXT NOT NULL,
    "cumulative_total" BIGINT NOT NULL,
    "delta" BIGINT NOT NULL,
    "withdrawal_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "funded_at" TIMESTAMPTZ(3),
    "funded_hash" TEXT,
    "final_at" TIMESTAMPTZ(3),
    "final_hash" TEXT,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "retry_at" TIMESTAMPTZ(3),

    CONSTRAINT "reward_epoch_pkey" PRIMARY KEY ("number")
);

-- CreateTable
CREATE TABLE "reward_leaf" (
    "epoch_number" INTEGER NOT NULL,
    "address" TEXT NOT NULL,
    "cumulative" BIGINT NOT NULL,

    CONSTRAINT "reward_leaf_pkey" PRIMARY KEY ("epoch_number","address")
);

-- CreateTable
CREATE TABLE "signer_wallet" (
    "id" TEXT NOT NULL,
    "purpose" TEXT NOT NULL,
    "agent_id" TEXT,
    "address" TEXT NOT NULL,
    "key_id" TEXT NOT NULL,
    "key_version" INTEGER NOT NULL,
    "wrapped_data_key" BYTEA NOT NULL,
    "encrypted_key" BYTEA NOT NULL,
    "grant_text" TEXT,
    "grant_mac" BYTEA,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "signer_wallet_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "signer_spend" (
    "wallet_id" TEXT NOT NULL,
    "nonce" DECIMAL(78,0) NOT NULL,
    "user_operation_hash" TEXT NOT NULL,
    "amount" DECIMAL(78,0) NOT NULL,
    "signed_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "signer_spend_pkey" PRIMARY KEY ("wallet_id","nonce")
);

-- CreateTable
CREATE TABLE "personal_account" (
    "user_id" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "owner" TEXT NOT NULL,
    "passkey_id" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "personal_account_pkey" PRIMARY KEY ("user_id")
);

-- CreateTable
CREATE TABLE "agent" (
    "id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'awaiting-owner',
    "account" TEXT NOT NULL,
    "owner" TEXT NOT NULL,
    "passkey_id" TEXT,
    "key" TEXT NOT NULL,
    "policy" JSONB NOT NULL,
    "granted_at" TIMESTAMPTZ(3),
    "grant_hash" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "agent_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "agent_activity" (
    "id" TEXT NOT NULL,
    "agent_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "recipient" TEXT,
    "amount" BIGINT,
    "inference_id" TEXT,
    "user_operation_id" TEXT,
    "refusal" JSONB,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "agent_activity_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "user_operation" (
    "id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "agent_id" TEXT,
    "purpose" TEXT NOT NULL,
    "ref_id" TEXT,
    "hash" TEXT NOT NULL,
    "sender" TEXT NOT NULL,
    "lane" INTEGER NOT NULL,
    "operation" JSONB NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'prepared',
    "transaction_hash" TEXT,
    "gas_cost" DECIMAL(78,0),
    "gas_used" BIGINT,
    "error" TEXT,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "user_operation_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "deposit_account" (
    "ref" TEXT NOT NULL,
    "account_code" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "deposit_account_pkey" PRIMARY KEY ("ref")
);

-- CreateTable
CREATE TABLE "withdrawal" (
    "id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "chain_id" TEXT NOT NULL,
    "account_code" TEXT NOT NULL,
    "recipient" TEXT NOT NULL,
    "amount" BIGINT NOT NULL,
    "reservation_id" TEXT NOT NULL,
    "agent_id" TEXT,
    "status" TEXT NOT NULL DEFAULT 'requested',
    "transaction_hash" TEXT,
    "error" TEXT,
    "request_key" TEXT,
    "requested_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "settled_at" TIMESTAMPTZ(3),

    CONSTRAINT "withdrawal_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "idempotent_request_created_at_idx" ON "idempotent_request"("created_at");

-- CreateIndex
CREATE UNIQUE INDEX "idempotent_request_actor_key_key" ON "idempotent_request"("actor", "key");

-- CreateIndex
CREATE INDEX "rate_limit_expire_idx" ON "rate_limit"("expire");

-- CreateIndex
CREATE UNIQUE INDEX "chain_transaction_sequence_key" ON "chain_transaction"("sequence");

-- CreateIndex
CREATE UNIQUE INDEX "chain_transaction_key_key" ON "chain_transaction"("key");

-- CreateIndex
CREATE INDEX "chain_transaction_status_sequence_idx" ON "chain_transaction"("status", "sequence");

-- CreateIndex
CREATE INDEX "chain_transaction_purpose_ref_id_idx" ON "chain_transaction"("purpose", "ref_id");

-- CreateIndex
CREATE UNIQUE INDEX "chain_transaction_nonce_key" ON "chain_transaction"("nonce");

-- CreateIndex
CREATE INDEX "chain_attempt_transaction_id_idx" ON "chain_attempt"("transaction_id");

-- CreateIndex
CREATE INDEX "chain_log_transaction_hash_idx" ON "chain_log"("transaction_hash");

-- CreateIndex
CREATE UNIQUE INDEX "compute_node_public_key_key" ON "compute_node"("public_key");

-- CreateIndex
CREATE INDEX "compute_node_owner_id_idx" ON "compute_node"("owner_id");

-- CreateIndex
CREATE INDEX "compute_node_status_last_seen_at_idx" ON "compute_node"("status", "last_seen_at");

-- CreateIndex
CREATE UNIQUE INDEX "compute_join_token_hash_key" ON "compute_join_token"("hash");

-- CreateIndex
CREATE INDEX "compute_join_token_owner_id_idx" ON "compute_join_token"("owner_id");

-- CreateIndex
CREATE INDEX "compute_offer_model_is_active_idx" ON "compute_offer"("model", "is_active");

-- CreateIndex
CREATE UNIQUE INDEX "compute_offer_node_id_model_key" ON "compute_offer"("node_id", "model");

-- CreateIndex
CREATE INDEX "compute_nonce_sent_at_idx" ON "compute_nonce"("sent_at");

-- CreateIndex
CREATE UNIQUE INDEX "inference_receipt_id_key" ON "inference"("receipt_id");

-- CreateIndex
CREATE INDEX "inference_user_id_id_idx" ON "inference"("user_id", "id");

-- CreateIndex
CREATE INDEX "inference_status_expires_at_idx" ON "inference"("status", "expires_at");

-- CreateIndex
CREATE INDEX "inference_attempt_node_id_status_idx" ON "inference_attempt"("node_id", "status");

-- CreateIndex
CREATE INDEX "inference_attempt_inference_id_idx" ON "inference_attempt"("inference_id");

-- CreateIndex
CREATE UNIQUE INDEX "inference_receipt_inference_id_key" ON "inference_receipt"("inference_id");

-- CreateIndex
CREATE INDEX "inference_receipt_signature_node_id_signature_idx" ON "inference_receipt_signature"("node_id", "signature");

-- CreateIndex
CREATE UNIQUE INDEX "user_demo_name_key" ON "user"("demo_name");

-- CreateIndex
CREATE INDEX "session_user_id_idx" ON "session"("user_id");

-- CreateIndex
CREATE UNIQUE INDEX "passkey_credential_id_key" ON "passkey"("credential_id");

-- CreateIndex
CREATE INDEX "passkey_user_id_idx" ON "passkey"("user_id");

-- CreateIndex
CREATE INDEX "user_wallet_user_id_idx" ON "user_wallet"("user_id");

-- CreateIndex
CREATE UNIQUE INDEX "auth_challenge_value_key" ON "auth_challenge"("value");

-- CreateIndex
CREATE INDEX "auth_challenge_expires_at_idx" ON "auth_challenge"("expires_at");

-- CreateIndex
CREATE UNIQUE INDEX "api_key_hash_key" ON "api_key"("hash");

-- CreateIndex
CREATE INDEX "api_key_user_id_idx" ON "api_key"("user_id");

-- CreateIndex
CREATE UNIQUE INDEX "ledger_account_code_key" ON "ledger_account"("code");

-- CreateIndex
CREATE INDEX "ledger_account_owner_id_idx" ON "ledger_account"("owner_id");

-- CreateIndex
CREATE UNIQUE INDEX "ledger_transfer_key_key" ON "ledger_transfer"("key");

-- CreateIndex
CREATE INDEX "ledger_transfer_debit_id_id_idx" ON "ledger_transfer"("debit_id", "id");

-- CreateIndex
CREATE INDEX "ledger_transfer_credit_id_id_idx" ON "ledger_transfer"("credit_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "ledger_reservation_key_key" ON "ledger_reservation"("key");

-- CreateIndex
CREATE UNIQUE INDEX "ledger_reservation_closed_key_key" ON "ledger_reservation"("closed_key");

-- CreateIndex
CREATE UNIQUE INDEX "proving_model_registry_model_id_key" ON "proving_model"("registry_model_id");

-- CreateIndex
CREATE UNIQUE INDEX "proof_inference_id_key" ON "proof"("inference_id");

-- CreateIndex
CREATE INDEX "proof_user_id_created_at_idx" ON "proof"("user_id", "created_at");

-- CreateIndex
CREATE INDEX "proof_status_locked_until_idx" ON "proof"("status", "locked_until");

-- CreateIndex
CREATE UNIQUE INDEX "proof_user_id_idempotency_key_key" ON "proof"("user_id", "idempotency_key");

-- CreateIndex
CREATE UNIQUE INDEX "reward_device_public_key_key" ON "reward_device"("public_key");

-- CreateIndex
CREATE INDEX "reward_device_user_id_idx" ON "reward_device"("user_id");

-- CreateIndex
CREATE INDEX "reward_batch_user_id_received_at_idx" ON "reward_batch"("user_id", "received_at" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "reward_batch_device_id_sequence_key" ON "reward_batch"("device_id", "sequence");

-- CreateIndex
CREATE INDEX "reward_event_batch_id_idx" ON "reward_event"("batch_id");

-- CreateIndex
CREATE INDEX "reward_claim_user_id_idx" ON "reward_claim"("user_id");

-- CreateIndex
CREATE INDEX "reward_cash_out_user_id_created_at_idx" ON "reward_cash_out"("user_id", "created_at" DESC);

-- CreateIndex
CREATE INDEX "reward_cash_out_epoch_number_idx" ON "reward_cash_out"("epoch_number");

-- CreateIndex
CREATE INDEX "reward_cash_out_address_idx" ON "reward_cash_out"("address");

-- CreateIndex
CREATE UNIQUE INDEX "reward_cash_out_user_id_key_key" ON "reward_cash_out"("user_id", "key");

-- CreateIndex
CREATE UNIQUE INDEX "reward_epoch_withdrawal_id_key" ON "reward_epoch"("withdrawal_id");

-- CreateIndex
CREATE UNIQUE INDEX "signer_wallet_agent_id_key" ON "signer_wallet"("agent_id");

-- CreateIndex
CREATE UNIQUE INDEX "signer_wallet_address_key" ON "signer_wallet"("address");

-- CreateIndex
CREATE INDEX "signer_spend_wallet_id_signed_at_idx" ON "signer_spend"("wallet_id", "signed_at");

-- CreateIndex
CREATE UNIQUE INDEX "personal_account_address_key" ON "personal_account"("address");

-- CreateIndex
CREATE UNIQUE INDEX "agent_account_key" ON "agent"("account");

-- CreateIndex
CREATE UNIQUE INDEX "agent_key_key" ON "agent"("key");

-- CreateIndex
CREATE INDEX "agent_user_id_created_at_idx" ON "agent"("user_id", "created_at");

-- CreateIndex
CREATE UNIQUE INDEX "agent_activity_user_operation_id_key" ON "agent_activity"("user_operation_id");

-- CreateIndex
CREATE INDEX "agent_activity_agent_id_created_at_idx" ON "agent_activity"("agent_id", "created_at");

-- CreateIndex
CREATE UNIQUE INDEX "user_operation_hash_key" ON "user_operation"("hash");

-- CreateIndex
CREATE INDEX "user_operation_sender_status_idx" ON "user_operation"("sender", "status");

-- CreateIndex
CREATE INDEX "user_operation_user_id_created_at_idx" ON "user_operation"("user_id", "created_at");

-- CreateIndex
CREATE UNIQUE INDEX "deposit_account_account_code_key" ON "deposit_account"("account_code");

-- CreateIndex
CREATE UNIQUE INDEX "withdrawal_chain_id_key" ON "withdrawal"("chain_id");

-- CreateIndex
CREATE INDEX "withdrawal_user_id_requested_at_idx" ON "withdrawal"("user_id", "requested_at");

-- CreateIndex
CREATE INDEX "withdrawal_agent_id_requested_at_idx" ON "withdrawal"("agent_id", "requested_at");

-- CreateIndex
CREATE UNIQUE INDEX "withdrawal_user_id_request_key_key" ON "withdrawal"("user_id", "request_key");

-- AddForeignKey
ALTER TABLE "chain_attempt" ADD CONSTRAINT "chain_attempt_transaction_id_fkey" FOREIGN KEY ("transaction_id") REFERENCES "chain_transaction"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "compute_offer" ADD CONSTRAINT "compute_offer_node_id_fkey" FOREIGN KEY ("node_id") REFERENCES "compute_node"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "inference_attempt" ADD CONSTRAINT "inference_attempt_inference_id_fkey" FOREIGN KEY ("inference_id") REFERENCES "inference"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "inference_receipt" ADD CONSTRAINT "inference_receipt_inference_id_fkey" FOREIGN KEY ("inference_id") REFERENCES "inference"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "inference_receipt_signature" ADD CONSTRAINT "inference_receipt_signature_receipt_id_fkey" FOREIGN KEY ("receipt_id") REFERENCES "inference_receipt"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "session" ADD CONSTRAINT "session_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "passkey" ADD CONSTRAINT "passkey_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "user_wallet" ADD CONSTRAINT "user_wallet_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api_key" ADD CONSTRAINT "api_key_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "proof" ADD CONSTRAINT "proof_model_id_fkey" FOREIGN KEY ("model_id") REFERENCES "proving_model"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "reward_batch" ADD CONSTRAINT "reward_batch_device_id_fkey" FOREIGN KEY ("device_id") REFERENCES "reward_device"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "reward_batch" ADD CONSTRAINT "reward_batch_campaign_id_fkey" FOREIGN KEY ("campaign_id") REFERENCES "reward_campaign"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "reward_cash_out" ADD CONSTRAINT "reward_cash_out_address_fkey" FOREIGN KEY ("address") REFERENCES "reward_claim"("address") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "reward_cash_out" ADD CONSTRAINT "reward_cash_out_epoch_number_fkey" FOREIGN KEY ("epoch_number") REFERENCES "reward_epoch"("number") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "reward_leaf" ADD CONSTRAINT "reward_leaf_epoch_number_fkey" FOREIGN KEY ("epoch_number") REFERENCES "reward_epoch"("number") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "signer_spend" ADD CONSTRAINT "signer_spend_wallet_id_fkey" FOREIGN KEY ("wallet_id") REFERENCES "signer_wallet"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "agent_activity" ADD CONSTRAINT "agent_activity_agent_id_fkey" FOREIGN KEY ("agent_id") REFERENCES "agent"("id") ON DELETE CASCADE ON UPDATE CASCADE;
