-- Only batches that were paid count against a cap, and caps bound how many of those there can be in a day.
CREATE INDEX reward_batch_user_paid ON reward_batch (user_id, campaign_id, received_at) INCLUDE (credited) WHERE credited > 0;
CREATE INDEX reward_batch_device_paid ON reward_batch (device_id, campaign_id, received_at) INCLUDE (credited) WHERE credited > 0;

ALTER TABLE reward_campaign
  ADD CHECK (price_per_view >= 0 AND price_per_scroll >= 0 AND price_per_dwell_second >= 0),
  ADD CHECK (user_cap_per_day >= 0 AND device_cap_per_day >= 0);
ALTER TABLE reward_batch ADD CHECK (sequence >= 1), ADD CHECK (credited >= 0 AND credited <= worth);
ALTER TABLE reward_claim ADD CHECK (paid >= 0 AND cumulative >= 0);
ALTER TABLE reward_cash_out ADD CHECK (units > 0);
ALTER TABLE reward_epoch ADD CHECK (delta > 0 AND cumulative_total >= delta);

-- At most one epoch is on its way at any time.
CREATE UNIQUE INDEX reward_epoch_one_open ON reward_epoch ((true)) WHERE status <> 'final';

-- Takes one signed batch in, in the caller's transaction: refuses what does not fit the device's sequence, keeps the
-- events that are new, and decides what they are paid. The caller posts `credited` to the ledger before it commits.
--
-- One person's batches are decided one after the other (the advisory lock), so that sums under a cap are exact.
-- A person has few devices and a device sends every few seconds, so nobody waits for anybody else.
CREATE FUNCTION reward_ingest(
  p_batch_id text, p_user_id text, p_device_id text, p_campaign_id text,
  p_sequence int, p_hash text, p_previous_hash text, p_ahead_max int,
  p_score int, p_rejected int, p_repeated int, p_withhold text, p_budget bigint,
  p_ids text[], p_kinds text[], p_item_ids text[], p_at_ms bigint[], p_dwell_ms int[], p_depths int[], p_worths bigint[]
) RETURNS TABLE (outcome text, batch_id text, credited bigint, withheld_reason text, accepted_ids text[], expected int)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  v_now timestamptz;
  v_known reward_batch%ROWTYPE;
  v_max int;
  v_accepted text[];
  v_worth bigint;
  v_user_left bigint;
  v_device_left bigint;
  v_credited bigint := 0;
  v_reason text := p_withhold;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('reward:' || p_user_id, 0));
  v_now := clock_timestamp();

  SELECT * INTO v_known FROM reward_batch b WHERE b.device_id = p_device_id AND b.sequence = p_sequence;
  IF FOUND THEN
    RETURN QUERY SELECT CASE WHEN v_known.hash = p_hash THEN 'duplicate' ELSE 'sequence_reused' END,
      v_known.id, v_known.credited, v_known.withheld_reason, ARRAY[]::text[], NULL::int;
    RETURN;
  END IF;

  SELECT d.max_sequence INTO v_max FROM reward_device d
    WHERE d.id = p_device_id AND d.user_id = p_user_id AND d.revoked_at IS NULL;
  IF NOT FOUND THEN
    RETURN QUERY SELECT 'device_gone', NULL::text, 0::bigint, NULL::text, ARRAY[]::text[], NULL::int;
    RETURN;
  END IF;
  IF p_sequence > v_max + p_ahead_max THEN
    RETURN QUERY SELECT 'sequence_gap', NULL::text, 0::bigint, NULL::text, ARRAY[]::text[], v_max + 1;
    RETURN;
  END IF;
  -- Batches may arrive in any order, so each is checked against whichever of its two neighbours is here already.
  IF EXISTS (SELECT 1 FROM reward_batch b WHERE b.device_id = p_device_id
      AND ((b.sequence = p_sequence - 1 AND b.hash <> p_previous_hash)
        OR (b.sequence = p_sequence + 1 AND b.previous_hash <> p_hash))) THEN
    RETURN QUERY SELECT 'chain_broken', NULL::text, 0::bigint, NULL::text, ARRAY[]::text[], NULL::int;
    RETURN;
  END IF;

  UPDATE reward_device SET max_sequence = greatest(max_sequence, p_sequence), last_seen_at = v_now WHERE id = p_device_id;
  WITH fresh AS (
    INSERT INTO reward_event (user_id, id, batch_id, kind, item_id, at, dwell_ms, depth, worth)
    SELECT p_user_id, e.id, p_batch_id, e.kind, e.item_id, to_timestamp(e.at_ms / 1000.0), e.dwell_ms, e.depth, e.worth
      FROM unnest(p_ids, p_kinds, p_item_ids, p_at_ms, p_dwell_ms, p_depths, p_worths)
        AS e (id, kind, item_id, at_ms, dwell_ms, depth, worth)
    ON CONFLICT DO NOTHING
    RETURNING reward_event.id AS event_id, reward_event.worth AS event_worth
  )
  SELECT coalesce(array_agg(event_id), ARRAY[]::text[]), coalesce(sum(event_worth), 0)::bigint
    INTO v_accepted, v_worth FROM fresh;

  IF v_reason IS NULL AND v_worth > 0 THEN
    SELECT c.user_cap_per_day - (SELECT coalesce(sum(b.credited), 0) FROM reward_batch b WHERE b.user_id = p_user_id
             AND b.campaign_id = p_campaign_id AND b.credited > 0 AND b.received_at > v_now - interval '24 hours'),
           c.device_cap_per_day - (SELECT coalesce(sum(b.credited), 0) FROM reward_batch b WHERE b.device_id = p_device_id
             AND b.campaign_id = p_campaign_id AND b.credited > 0 AND b.received_at > v_now - interval '24 hours')
      INTO v_user_left, v_device_left FROM reward_campaign c WHERE c.id = p_campaign_id;
    v_credited := greatest(0, least(v_worth, v_user_left, v_device_left, p_budget));
    IF v_credited < v_worth THEN
      v_reason := CASE v_credited
        WHEN greatest(0, v_user_left) THEN 'USER_CAP'
        WHEN greatest(0, v_device_left) THEN 'DEVICE_CAP'
        ELSE 'BUDGET_EXHAUSTED' END;
    END IF;
  END IF;

  INSERT INTO reward_batch (id, device_id, sequence, hash, previous_hash, user_id, campaign_id, received_at,
      accepted_count, duplicate_count, rejected_count, score, worth, credited, withheld_reason)
    VALUES (p_batch_id, p_device_id, p_sequence, p_hash, p_previous_hash, p_user_id, p_campaign_id, v_now,
      cardinality(v_accepted), p_repeated + cardinality(p_ids) - cardinality(v_accepted), p_rejected,
      p_score, v_worth, v_credited, v_reason);
  RETURN QUERY SELECT 'accepted', p_batch_id, v_credited, v_reason, v_accepted, NULL::int;
END $$;
