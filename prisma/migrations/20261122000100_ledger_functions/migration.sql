-- The ledger's rules that only a database can keep: no overdraft, no change to what was posted, one function that writes.

CREATE SEQUENCE ledger_batch_seq AS bigint;

-- Account rows are updated in place all day: free room on each page keeps those updates out of the indexes.
ALTER TABLE ledger_account SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
ALTER TABLE ledger_account
  ADD CONSTRAINT ledger_account_counters CHECK (debits_posted >= 0 AND credits_posted >= 0 AND debits_pending >= 0),
  -- Written as two subtractions of non-negative numbers, so that it cannot overflow.
  ADD CONSTRAINT ledger_account_no_overdraft CHECK (may_overdraw OR credits_posted - debits_posted - debits_pending >= 0),
  ADD CONSTRAINT ledger_account_overdraft_is_named CHECK (NOT may_overdraw OR code IN ('platform:vault', 'platform:external'));

ALTER TABLE ledger_transfer
  ADD CONSTRAINT ledger_transfer_amount CHECK (amount > 0),
  ADD CONSTRAINT ledger_transfer_two_accounts CHECK (debit_id <> credit_id),
  ADD CONSTRAINT ledger_transfer_one_origin CHECK ((key IS NULL) <> (reservation_id IS NULL));

ALTER TABLE ledger_reservation SET (fillfactor = 80);
ALTER TABLE ledger_reservation
  ADD CONSTRAINT ledger_reservation_amounts CHECK (
    amount > 0 AND captured >= 0 AND released >= 0
    AND CASE status
      WHEN 'open' THEN captured = 0 AND released = 0 AND closed_key IS NULL
      WHEN 'captured' THEN captured + released = amount AND closed_key IS NOT NULL
      WHEN 'released' THEN captured = 0 AND released = amount AND closed_key IS NOT NULL
      WHEN 'expired' THEN captured = 0 AND released = amount AND closed_key IS NOT NULL
      ELSE false
    END
  );

-- What the job that releases expired reservations looks for, and what a receipt of a capture looks for.
CREATE INDEX ledger_reservation_open ON ledger_reservation (expires_at) WHERE status = 'open';
CREATE INDEX ledger_transfer_reservation ON ledger_transfer (reservation_id) WHERE reservation_id IS NOT NULL;

CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'ledger rows are never changed or removed: % on %', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER ledger_transfer_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_transfer
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_account_kept BEFORE DELETE OR TRUNCATE ON ledger_account
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_account_identity_fixed BEFORE UPDATE OF id, code, asset, may_overdraw ON ledger_account
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_reservation_kept BEFORE DELETE OR TRUNCATE ON ledger_reservation
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_reservation_terms_fixed BEFORE UPDATE OF id, key, account_id, amount, purpose, ref_id ON ledger_reservation
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();

-- Every operation arrives as one row over parallel arrays. A capture is followed by one "part" row per payee.
--   op           transfer | reserve | capture | part | release
--   account      transfer: pays · reserve: holds back · capture, release: the owner expected, or null
--   reservation  reserve: the new id · capture, part, release: which one
--   kind         transfer, part: kind · reserve: purpose · release: released | expired
--   parent       part: the position of its capture
--   unit         rows of one unit succeed together or not at all; units are numbered upwards
CREATE TYPE ledger_item AS (
  n int, op text, key text, account text, credit text, amount bigint, asset text, kind text, ref_id text, memo text,
  reservation text, expires_at timestamptz, hash text, parent int, unit int
);

-- Applies one operation by itself and answers its status. The accounts are locked already.
CREATE FUNCTION ledger_apply_item(item ledger_item, parts ledger_item[], batch bigint,
  OUT status text, OUT result_id text, OUT replayed boolean) LANGUAGE plpgsql AS $$
DECLARE
  payer ledger_account;
  payee ledger_account;
  held ledger_reservation;
  earlier ledger_transfer;
  part ledger_item;
  total numeric := 0;
  largest CONSTANT bigint := 9223372036854775807;
BEGIN
  replayed := false;

  IF item.op IN ('transfer', 'reserve') THEN
    SELECT * INTO payer FROM ledger_account WHERE code = item.account;
  END IF;

  IF item.op = 'transfer' THEN
    SELECT * INTO payee FROM ledger_account WHERE code = item.credit;
    SELECT * INTO earlier FROM ledger_transfer WHERE key = item.key;
    IF FOUND THEN
      replayed := (earlier.debit_id, earlier.credit_id, earlier.amount, earlier.asset, earlier.kind, earlier.ref_id, earlier.memo)
        IS NOT DISTINCT FROM (payer.id, payee.id, item.amount, item.asset, item.kind, item.ref_id, item.memo);
      status := CASE WHEN replayed THEN 'ok' ELSE 'IDEMPOTENCY_KEY_REUSED' END;
      result_id := CASE WHEN replayed THEN earlier.id::text END;
      RETURN;
    END IF;
    status := CASE
      WHEN item.amount IS NULL OR item.amount <= 0 THEN 'AMOUNT_INVALID'
      WHEN payer.id IS NULL OR payee.id IS NULL THEN 'ACCOUNT_NOT_FOUND'
      WHEN payer.id = payee.id THEN 'ACCOUNTS_EQUAL'
      WHEN payer.asset <> item.asset OR payee.asset <> item.asset THEN 'ASSET_UNKNOWN'
      WHEN NOT payer.may_overdraw AND payer.credits_posted - payer.debits_posted - payer.debits_pending < item.amount
        THEN 'INSUFFICIENT_FUNDS'
      WHEN payee.credits_posted > largest - item.amount OR payer.debits_posted > largest - item.amount THEN 'AMOUNT_INVALID'
      ELSE 'ok'
    END;
    IF status <> 'ok' THEN RETURN; END IF;
    INSERT INTO ledger_transfer (key, debit_id, credit_id, amount, asset, kind, ref_id, memo, batch_id)
      VALUES (item.key, payer.id, payee.id, item.amount, item.asset, item.kind, item.ref_id, item.memo, batch)
      RETURNING id::text INTO result_id;
    UPDATE ledger_account SET debits_posted = debits_posted + item.amount WHERE id = payer.id;
    UPDATE ledger_account SET credits_posted = credits_posted + item.amount WHERE id = payee.id;

  ELSIF item.op = 'reserve' THEN
    SELECT * INTO held FROM ledger_reservation WHERE key = item.key;
    IF FOUND THEN
      -- A retry reckons its expiry anew, so the expiry is not part of what has to be equal.
      replayed := (held.account_id, held.amount, held.purpose, held.ref_id)
        IS NOT DISTINCT FROM (payer.id, item.amount, item.kind, item.ref_id);
      status := CASE WHEN replayed THEN 'ok' ELSE 'IDEMPOTENCY_KEY_REUSED' END;
      result_id := CASE WHEN replayed THEN held.id END;
      RETURN;
    END IF;
    status := CASE
      WHEN item.amount IS NULL OR item.amount <= 0 THEN 'AMOUNT_INVALID'
      WHEN payer.id IS NULL THEN 'ACCOUNT_NOT_FOUND'
      WHEN NOT payer.may_overdraw AND payer.credits_posted - payer.debits_posted - payer.debits_pending < item.amount
        THEN 'INSUFFICIENT_FUNDS'
      WHEN payer.debits_pending > largest - item.amount THEN 'AMOUNT_INVALID'
      ELSE 'ok'
    END;
    IF status <> 'ok' THEN RETURN; END IF;
    INSERT INTO ledger_reservation (id, key, account_id, amount, purpose, ref_id, expires_at)
      VALUES (item.reservation, item.key, payer.id, item.amount, item.kind, item.ref_id, item.expires_at);
    UPDATE ledger_account SET debits_pending = debits_pending + item.amount WHERE id = payer.id;
    result_id := item.reservation;

  ELSE
    SELECT * INTO held FROM ledger_reservation WHERE closed_key = item.key;
    IF FOUND THEN
      replayed := held.id = item.reservation AND held.closed_hash = item.hash;
      status := CASE WHEN replayed THEN 'ok' ELSE 'IDEMPOTENCY_KEY_REUSED' END;
      result_id := CASE WHEN replayed THEN held.id END;
      RETURN;
    END IF;
    SELECT * INTO held FROM ledger_reservation WHERE id = item.reservation;
    SELECT * INTO payer FROM ledger_account WHERE id = held.account_id;
    -- A reservation of somebody else is answered like one that does not exist.
    IF held.id IS NULL OR payer.code <> item.account THEN status := 'RESERVATION_NOT_FOUND'; RETURN; END IF;
    IF held.status <> 'open' THEN status := 'RESERVATION_CLOSED'; RETURN; END IF;

    SELECT coalesce(sum(p.amount), 0) INTO total FROM unnest(parts) p;
    FOREACH part IN ARRAY parts LOOP
      SELECT * INTO payee FROM ledger_account WHERE code = part.credit;
      status := CASE
        WHEN part.amount IS NULL OR part.amount <= 0 THEN 'AMOUNT_INVALID'
        WHEN payee.id IS NULL THEN 'ACCOUNT_NOT_FOUND'
        WHEN payee.id = payer.id THEN 'ACCOUNTS_EQUAL'
        WHEN payee.asset <> payer.asset THEN 'ASSET_UNKNOWN'
        WHEN payee.credits_posted > largest - held.amount OR payer.debits_posted > largest - held.amount THEN 'AMOUNT_INVALID'
        ELSE 'ok'
      END;
      IF status <> 'ok' THEN RETURN; END IF;
    END LOOP;
    IF total > held.amount THEN status := 'CAPTURE_EXCEEDS_RESERVATION'; RETURN; END IF;

    UPDATE ledger_reservation SET status = CASE item.op WHEN 'capture' THEN 'captured' ELSE item.kind END,
      captured = total, released = amount - total, closed_key = item.key, closed_hash = item.hash, closed_at = now()
      WHERE id = held.id;
    UPDATE ledger_account SET debits_pending = debits_pending - held.amount, debits_posted = debits_posted + total
      WHERE id = payer.id;
    FOREACH part IN ARRAY parts LOOP
      UPDATE ledger_account SET credits_posted = credits_posted + part.amount WHERE code = part.credit RETURNING * INTO payee;
      INSERT INTO ledger_transfer (debit_id, credit_id, amount, asset, kind, ref_id, memo, reservation_id, batch_id)
        VALUES (payer.id, payee.id, part.amount, payer.asset, part.kind, part.ref_id, part.memo, held.id, batch);
    END LOOP;
    status := 'ok';
    result_id := held.id;
  END IF;
END $$;

-- Applies a batch in order and answers one row for every operation that is not a part: 'ok', or the code of the error
-- that it met alone. Nothing is raised for those, so that a caller's transaction stays usable.
--
-- The accounts are locked in id order by one statement; what it reads is therefore current and no two batches can wait
-- for each other. Nearly always every account can pay the sum of everything asked of it, and then order cannot matter:
-- the batch is applied set by set, each account touched once. When that is not so, or a key was seen before, all of
-- that is rolled back and the same batch is applied one operation after the other.
--
-- Two choices are for two batches at once. Who has waited for a row has Postgres look at the condition again for each
-- row changed meanwhile, so the lock is by a list of ids, not by codes. And the locks are taken in the subtransaction
-- that writes: a row locked by one and written by another carries a lock shared by both, which costs to make and read.
CREATE FUNCTION ledger_post(
  p_op text[], p_key text[], p_account text[], p_credit text[], p_amount bigint[], p_asset text[], p_kind text[],
  p_ref_id text[], p_memo text[], p_reservation text[], p_expires_at timestamptz[], p_hash text[], p_parent int[], p_unit int[]
) RETURNS TABLE (item_n int, item_status text, item_id text, item_replayed boolean) LANGUAGE plpgsql
-- Plans are made when tables are small and kept while they grow: only a plan by index is right on both days. For the
-- same reason rows are looked up by LATERAL … OFFSET 0 and by `= ANY`, which leave no other plan: joined plainly to a
-- table that was empty when it was last analysed, a capture read every reservation there ever was.
SET enable_seqscan = off
AS $$
DECLARE
  v_transfers CONSTANT int := cardinality(array_positions(p_op, 'transfer'));
  v_reserves CONSTANT int := cardinality(array_positions(p_op, 'reserve'));
  v_parts CONSTANT int := cardinality(array_positions(p_op, 'part'));
  v_closings CONSTANT int := cardinality(p_op) - v_transfers - v_reserves - v_parts;
  v_batch bigint;
  v_held bigint[] := '{}';
  v_accounts bigint[];
  v_debit bigint[];
  v_credit bigint[];
  v_is_plain boolean;
  v_count int;
  v_ids bigint[];
  v_items ledger_item[];
  v_unit_items ledger_item[];
  v_item ledger_item;
  v_answer record;
  v_status text[];
  v_result text[];
  v_replayed boolean[];
BEGIN
  v_batch := nextval('ledger_batch_seq');
  IF v_closings > 0 THEN
    SELECT coalesce(array_agg(DISTINCT account_id), '{}') INTO v_held FROM ledger_reservation WHERE id = ANY (p_reservation);
  END IF;
  v_accounts := v_held || ARRAY(SELECT id FROM ledger_account WHERE code = ANY (p_account || p_credit));

  BEGIN
    WITH locked AS MATERIALIZED (
      SELECT id, code, asset, may_overdraw, credits_posted - debits_posted - debits_pending AS available
      FROM ledger_account WHERE id = ANY (v_accounts) ORDER BY id FOR NO KEY UPDATE
    ), item AS MATERIALIZED (
      SELECT i.n, i.op, i.amount, payer.id AS debit_id, payee.id AS credit_id, payer.may_overdraw, payer.available,
        CASE i.op
          WHEN 'transfer' THEN i.amount > 0 AND payer.id <> payee.id AND payer.asset = i.asset AND payee.asset = i.asset
          WHEN 'reserve' THEN i.amount > 0 AND payer.id IS NOT NULL
          WHEN 'part' THEN i.amount > 0 AND payee.id IS NOT NULL
          ELSE i.account IS NULL OR payer.id IS NOT NULL
        END AS is_plain
      FROM unnest(p_op, p_account, p_credit, p_amount, p_asset) WITH ORDINALITY AS i (op, account, credit, amount, asset, n)
      LEFT JOIN locked payer ON payer.code = i.account
      LEFT JOIN locked payee ON payee.code = i.credit
    )
    SELECT array_agg(debit_id ORDER BY n), array_agg(credit_id ORDER BY n), coalesce(bool_and(coalesce(is_plain, false)), false)
      AND NOT EXISTS (
        SELECT FROM item WHERE op IN ('transfer', 'reserve') AND NOT may_overdraw
        GROUP BY debit_id HAVING sum(amount) > min(available)
      )
    INTO v_debit, v_credit, v_is_plain FROM item;

    IF NOT v_is_plain THEN RAISE EXCEPTION USING ERRCODE = 'LG001'; END IF;

    IF v_reserves > 0 THEN
      INSERT INTO ledger_reservation (id, key, account_id, amount, purpose, ref_id, expires_at)
        SELECT i.reservation, i.key, i.debit_id, i.amount, i.kind, i.ref_id, i.expires_at
        FROM unnest(p_op, p_reservation, p_key, v_debit, p_amount, p_kind, p_ref_id, p_expires_at)
          AS i (op, reservation, key, debit_id, amount, kind, ref_id, expires_at)
        WHERE i.op = 'reserve';
    END IF;

    IF v_closings > 0 THEN
      UPDATE ledger_reservation r SET status = c.status, captured = c.total, released = r.amount - c.total,
        closed_key = c.key, closed_hash = c.hash, closed_at = now()
      FROM (
        SELECT i.reservation, max(i.key) AS key, max(i.hash) AS hash, max(i.debit_id) AS account_id,
          max(CASE i.op WHEN 'capture' THEN 'captured' WHEN 'release' THEN i.kind END) AS status,
          coalesce(sum(i.amount) FILTER (WHERE i.op = 'part'), 0) AS total
        FROM unnest(p_op, p_reservation, p_key, p_hash, v_debit, p_kind, p_amount)
          AS i (op, reservation, key, hash, debit_id, kind, amount)
        WHERE i.op IN ('capture', 'release', 'part') GROUP BY i.reservation
        -- Which of several closings of one reservation counts is decided one by one.
        HAVING count(*) FILTER (WHERE i.op <> 'part') = 1
      ) c
      -- Still open, in words that fit no index but the primary key's.
      WHERE r.id = c.reservation AND r.id = ANY (p_reservation) AND r.captured + r.released = 0 AND c.total <= r.amount
        AND (c.account_id IS NULL OR c.account_id = r.account_id);
      GET DIAGNOSTICS v_count = ROW_COUNT;
      IF v_count <> v_closings THEN RAISE EXCEPTION USING ERRCODE = 'LG001'; END IF;
    END IF;

    WITH posted AS (
      SELECT i.n, i.key, i.debit_id, i.credit_id, i.amount, i.asset, i.kind, i.ref_id, i.memo, NULL::text AS reservation
      FROM unnest(p_op, p_key, v_debit, v_credit, p_amount, p_asset, p_kind, p_ref_id, p_memo) WITH ORDINALITY
        AS i (op, key, debit_id, credit_id, amount, asset, kind, ref_id, memo, n)
      WHERE i.op = 'transfer'
      UNION ALL
      SELECT i.n, NULL, r.account_id, i.credit_id, i.amount, payer.asset, i.kind, i.ref_id, i.memo, r.id
      FROM unnest(p_op, p_reservation, v_credit, p_amount, p_kind, p_ref_id, p_memo) WITH ORDINALITY
        AS i (op, reservation, credit_id, amount, kind, ref_id, memo, n)
      CROSS JOIN LATERAL (SELECT id, account_id FROM ledger_reservation WHERE id = i.reservation OFFSET 0) r
      CROSS JOIN LATERAL (SELECT id, asset FROM ledger_account WHERE id = r.account_id OFFSET 0) payer
      CROSS JOIN LATERAL (SELECT id, asset FROM ledger_account WHERE id = i.credit_id OFFSET 0) payee
      WHERE i.op = 'part' AND v_parts > 0 AND payee.id <> payer.id AND payee.asset = payer.asset
    ), inserted AS (
      INSERT INTO ledger_transfer (key, debit_id, credit_id, amount, asset, kind, ref_id, memo, reservation_id, batch_id)
        SELECT key, debit_id, credit_id, amount, asset, kind, ref_id, memo, reservation, v_batch FROM posted ORDER BY n
        RETURNING id, debit_id, credit_id, amount
    ), change AS (
      SELECT debit_id AS account_id, amount AS debit, 0 AS credit, 0 AS pending FROM inserted
      UNION ALL SELECT credit_id, 0, amount, 0 FROM inserted
      UNION ALL SELECT i.debit_id, 0, 0, i.amount FROM unnest(p_op, v_debit, p_amount) AS i (op, debit_id, amount)
        WHERE i.op = 'reserve' AND v_reserves > 0
      UNION ALL SELECT r.account_id, 0, 0, -r.amount FROM unnest(p_op, p_reservation) AS i (op, reservation)
        CROSS JOIN LATERAL (SELECT account_id, amount FROM ledger_reservation WHERE id = i.reservation OFFSET 0) r
        WHERE i.op IN ('capture', 'release') AND v_closings > 0
    ), net AS (
      SELECT account_id, sum(debit)::bigint AS debit, sum(credit)::bigint AS credit, sum(pending)::bigint AS pending
      FROM change GROUP BY account_id
    ), updated AS (
      UPDATE ledger_account a SET debits_posted = debits_posted + net.debit, credits_posted = credits_posted + net.credit,
        debits_pending = debits_pending + net.pending
      FROM net WHERE a.id = net.account_id AND a.id = ANY (v_accounts)
    )
    SELECT count(*), array_agg(id ORDER BY id) INTO v_count, v_ids FROM inserted;
    IF v_count <> v_transfers + v_parts THEN RAISE EXCEPTION USING ERRCODE = 'LG001'; END IF;

    -- Ids were drawn in the order of the batch, so the k-th transfer has the k-th id.
    RETURN QUERY
      SELECT i.n::int, 'ok', CASE i.op WHEN 'transfer' THEN v_ids[i.k]::text ELSE i.reservation END, false
      FROM (
        SELECT u.n, u.op, u.reservation, count(*) FILTER (WHERE u.op IN ('transfer', 'part')) OVER (ORDER BY u.n) AS k
        FROM unnest(p_op, p_reservation) WITH ORDINALITY AS u (op, reservation, n)
      ) i
      WHERE i.op <> 'part';
    RETURN;
  -- Too little money for some order, a key seen before, a reservation that cannot be closed like this, a part between
  -- unequal assets, or a counter that would leave 64 bits: whose fault it is shows one by one.
  EXCEPTION WHEN SQLSTATE 'LG001' OR unique_violation OR numeric_value_out_of_range THEN
    PERFORM FROM ledger_account WHERE id = ANY (v_accounts) ORDER BY id FOR NO KEY UPDATE;
  END;

  SELECT array_agg((i.n, i.op, i.key, i.account, i.credit, i.amount, i.asset, i.kind, i.ref_id, i.memo, i.reservation,
    i.expires_at, i.hash, i.parent, i.unit)::ledger_item ORDER BY i.n) INTO v_items
  FROM unnest(p_op, p_key, p_account, p_credit, p_amount, p_asset, p_kind, p_ref_id, p_memo, p_reservation, p_expires_at,
    p_hash, p_parent, p_unit) WITH ORDINALITY
    AS i (op, key, account, credit, amount, asset, kind, ref_id, memo, reservation, expires_at, hash, parent, unit, n);

  FOR v_unit_items IN
    SELECT array_agg(i ORDER BY i.n) FROM unnest(v_items) i WHERE i.op <> 'part' GROUP BY i.unit ORDER BY i.unit
  LOOP
    IF cardinality(v_unit_items) = 1 THEN
      v_item := v_unit_items[1];
      v_answer := ledger_apply_item(v_item, ARRAY(SELECT p FROM unnest(v_items) p WHERE v_parts > 0 AND p.parent = v_item.n), v_batch);
      v_status[v_item.n] := v_answer.status;
      v_result[v_item.n] := v_answer.result_id;
      v_replayed[v_item.n] := v_answer.replayed;
    ELSE
      BEGIN
        FOREACH v_item IN ARRAY v_unit_items LOOP
          v_answer := ledger_apply_item(v_item, ARRAY(SELECT p FROM unnest(v_items) p WHERE v_parts > 0 AND p.parent = v_item.n), v_batch);
          IF v_answer.status <> 'ok' THEN RAISE EXCEPTION USING ERRCODE = 'LG001'; END IF;
          v_status[v_item.n] := 'ok';
          v_result[v_item.n] := v_answer.result_id;
          v_replayed[v_item.n] := v_answer.replayed;
        END LOOP;
      EXCEPTION WHEN SQLSTATE 'LG001' THEN
        v_count := v_item.n;
        FOREACH v_item IN ARRAY v_unit_items LOOP
          v_status[v_item.n] := CASE v_item.n WHEN v_count THEN v_answer.status ELSE 'NOT_APPLIED' END;
          v_result[v_item.n] := NULL;
          v_replayed[v_item.n] := false;
        END LOOP;
      END;
    END IF;
  END LOOP;

  RETURN QUERY SELECT i.n, v_status[i.n], v_result[i.n], v_replayed[i.n] FROM unnest(v_items) i WHERE i.op <> 'part';
END $$;
