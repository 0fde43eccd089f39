-- A batch applied as sets by a function of its own, from account ids that the caller knows; captures that leave scopes unused;
-- caps that no spending on its way can slip past while they are made.

-- Scopes that a reservation was under and its capture was not: a node that did not serve in the end, for example.
ALTER TABLE ledger_reservation ADD COLUMN unused_scopes text[];
ALTER TABLE ledger_reservation ADD CONSTRAINT ledger_reservation_unused_when_captured CHECK (unused_scopes IS NULL OR status = 'captured');

-- Whether what a reservation paid counts under one of its caps: when its account or a scope that was used led there.
CREATE FUNCTION ledger_cap_counts(p_cap bigint, p_caps bigint[], p_account bigint, p_scopes text[], p_unused text[]) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT p_unused IS NULL OR EXISTS (
    SELECT FROM ledger_cap d WHERE d.id = ANY (p_caps) AND p_cap = ANY (d.path) AND (
      (d.scope = ANY (p_scopes) AND NOT d.scope = ANY (p_unused))
      OR d.scope = (SELECT split_part(code, '/', 1) FROM ledger_account WHERE id = p_account)
    )
  )
$$;

-- Adds up in 64 bits and refuses more; `sum` would go through numeric.
CREATE AGGREGATE ledger_sum(bigint) (SFUNC = int8pl, STYPE = bigint, INITCOND = '0', COMBINEFUNC = int8pl);

-- Rows that every batch writes: room on their pages for the versions between two vacuums keeps those writes out of the indexes.
ALTER TABLE ledger_account SET (fillfactor = 30);
ALTER TABLE ledger_cap SET (fillfactor = 20, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

-- Nobody can remove or renumber an account or a cap, so what refers to them cannot dangle; the keys cost every update of them.
ALTER TABLE ledger_account DROP CONSTRAINT ledger_account_root_id_fkey;
ALTER TABLE ledger_cap DROP CONSTRAINT ledger_cap_parent_id_fkey;
ALTER TABLE ledger_cap_change DROP CONSTRAINT ledger_cap_change_cap_id_fkey;

-- A transaction whose snapshot is older than a cap would spend past it. It answers true, so that an expression can ask: that costs
-- a batch nothing, where a statement does.
CREATE FUNCTION ledger_check_isolation() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'the ledger is written under READ COMMITTED alone' USING ERRCODE = 'feature_not_supported';
  END IF;
  RETURN true;
END $$;

-- Applies a batch as sets, or nothing of it. Answers the ids of its transfers joined by commas, in order ('' without any), or
-- null when the batch has to be applied one operation after the other: too little money or room for some order, an account
-- that is not what the caller takes it for, a key seen before, a reservation that cannot be closed like this.
--
-- Every account has to be able to pay the sum of everything asked of it, without what the batch brings it, and every cap
-- has to have room for all of it: then order cannot matter. Accounts are written in the order of their ids, then the caps
-- for single transactions are locked and the others written, each in the order of their ids, so no two batches can wait
-- for each other. Every spending holds lock (7141, 0) shared and the making of a cap holds it alone: none is on its way
-- between what a new cap counts at first and the moment it is taken from.
--
--   p_lane   batches of one lane follow each other: who waits here has not looked at any row yet, while for one who waits
--            for a row Postgres looks again, row by row
--   p_assets the codes of all assets there are
--   a_       accounts that transfers, reservations and parts name, sorted by id: the code that the id is taken for, and sums
--   t_       transfers · r_ reservations to open · c_ reservations to close, each once · p_ parts of captures
--   k_       classes of spending, each under its own set of scopes: sums, and the largest of them, in units; d_ the same in
--            micro-dollars, empty when they are equal; d_known false where some spending does not say its worth
--   s_       the scopes of the classes
CREATE FUNCTION ledger_post_set(
  p_lane int, p_assets text[],
  a_id bigint[], a_code text[], a_debit bigint[], a_credit bigint[], a_reserve bigint[],
  t_key text[], t_debit bigint[], t_credit bigint[], t_amount bigint[], t_asset text[], t_kind text[], t_ref_id text[], t_memo text[],
  r_id text[], r_key text[], r_account bigint[], r_amount bigint[], r_value bigint[], r_purpose text[], r_ref_id text[],
  r_expires_at timestamptz[], r_class int[], r_scopes text[],
  c_reservation text[], c_key text[], c_hash text[], c_account text[], c_status text[], c_total bigint[], c_unused text[],
  p_reservation text[], p_credit bigint[], p_root bigint[], p_asset text[], p_amount bigint[], p_kind text[], p_ref_id text[], p_memo text[],
  k_asset int[], k_spent bigint[], k_reserved bigint[], k_largest bigint[], d_spent bigint[], d_reserved bigint[], d_largest bigint[],
  d_known boolean[], s_class int[], s_scope text[]
) RETURNS text LANGUAGE plpgsql
-- Plans are made when tables are small and kept while they grow: only one by index is right on both days. So rows are looked
-- up by `= ANY` or LATERAL … OFFSET 0, which leave no other plan, and lists are merged, which also keeps the order of ids.
SET enable_seqscan = off
SET enable_nestloop = off
SET enable_hashjoin = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  v_batch CONSTANT bigint := nextval('ledger_batch_seq');
  v_closings CONSTANT int := cardinality(c_reservation);
  v_now timestamptz(3);
  v_is_fine boolean;
  v_count int;
  v_turns boolean;
  v_has_single boolean;
  v_class int[] := '{}';
  v_cap bigint[] := '{}';
  v_known boolean[];
  v_behind bigint[] := '{}';
  v_held bigint[] := '{}';
  v_has_parents boolean;
  v_class_caps text[];
  v_posted text := '';
BEGIN
  v_is_fine := ledger_check_isolation() AND pg_advisory_xact_lock_shared(7141, 0) IS NOT NULL;
  IF p_lane IS NOT NULL THEN v_is_fine := pg_advisory_xact_lock(7142, p_lane) IS NOT NULL; END IF;

  IF v_closings = 0 THEN
    WITH batch AS (INSERT INTO ledger_batch (id) VALUES (v_batch)), moved AS (
      UPDATE ledger_account a SET debits_posted = a.debits_posted + n.debit, credits_posted = a.credits_posted + n.credit,
        debits_pending = a.debits_pending + n.reserve
      FROM unnest(a_id, a_code, a_debit, a_credit, a_reserve) AS n (id, code, debit, credit, reserve)
      -- Not as a plain equation, by which rows could be merged in another order than that of their ids.
      WHERE a.id = n.id AND a.id = ANY (a_id) AND a.code = coalesce(n.code, a.code)
      RETURNING a.may_overdraw OR a.credits_posted - a.debits_posted - a.debits_pending >= n.credit AS is_covered
    )
    SELECT count(*), bool_and(is_covered) INTO v_count, v_is_fine FROM moved;
  ELSE
    WITH batch AS (INSERT INTO ledger_batch (id) VALUES (v_batch)), held AS MATERIALIZED (
      SELECT r.account_id, r.amount, c.total FROM unnest(c_reservation, c_total) AS c (reservation, total)
        CROSS JOIN LATERAL (SELECT account_id, amount FROM ledger_reservation WHERE id = c.reservation OFFSET 0) r
    ), net AS MATERIALIZED (
      SELECT change.id, max(change.code) AS code, ledger_sum(change.debit) AS debit, ledger_sum(change.credit) AS credit,
        ledger_sum(change.reserve) AS reserve, ledger_sum(change.captured) AS captured, ledger_sum(change.freed) AS freed
      FROM (
        SELECT n.*, 0::bigint AS captured, 0::bigint AS freed
          FROM unnest(a_id, a_code, a_debit, a_credit, a_reserve) AS n (id, code, debit, credit, reserve)
        UNION ALL SELECT account_id, NULL, 0, 0, 0, total, amount FROM held
      ) change GROUP BY change.id
    ), moved AS (
      UPDATE ledger_account a SET debits_posted = a.debits_posted + n.debit + n.captured, credits_posted = a.credits_posted + n.credit,
        debits_pending = a.debits_pending + n.reserve - n.freed
      FROM net n WHERE a.id = n.id AND a.id = ANY (ARRAY(SELECT id FROM net)) AND a.code = coalesce(n.code, a.code)
      RETURNING n.code IS NOT NULL AS is_named,
        a.may_overdraw OR a.credits_posted - a.debits_posted - a.debits_pending - n.credit >= n.freed - n.captured AS is_covered
    )
    SELECT count(*) FILTER (WHERE is_named), bool_and(is_covered) INTO v_count, v_is_fine FROM moved;
  END IF;
  IF v_count <> cardinality(a_id) OR NOT v_is_fine THEN RAISE EXCEPTION USING ERRCODE = 'LG001'; END IF;

  -- After the accounts are held and before any cap is: one that is turned further than to this time meanwhile forgets later, never earlier.
  v_now := date_trunc('milliseconds', clock_timestamp());

  IF v_closings > 0 THEN
    UPDATE ledger_reservation r SET status = c.status, captured = c.total, released = r.amount - c.total,
      closed_key = c.key, closed_hash = c.hash, closed_at = v_now, closed_batch_id = v_batch, unused_scopes = c.unused::text[]
    FROM (
      SELECT * FROM unnest(c_reservation, c_key, c_hash, c_account, c_status, c_total, c_unused)
        AS c (reservation, key, hash, account, status, total, unused) ORDER BY c.reservation
    ) c
    -- Still open, in words that fit no index but the primary key's.
    WHERE r.id = c.reservation AND r.id = ANY (c_reservation) AND r.captured + r.released = 0 AND c.total <= r.amount
      AND (c.account IS NULL OR c.account = (SELECT split_part(code, '/', 1) FROM ledger_account WHERE id = r.account_id));
    GET DIAGNOSTICS v_count = ROW_COUNT;
    IF v_count <> v_closings THEN RAISE EXCEPTION USING ERRCODE = 'LG001'; END IF;
  END IF;

  IF s_scope <> '{}' THEN
    SELECT array_agg(s.class), array_agg(lowest.id), array_agg(CASE WHEN lowest.asset IS NULL THEN d_known[s.class] END),
        bool_or(lowest.kind = 'window' AND lowest.bucket < ledger_bucket(lowest.window_ms, v_now)),
        bool_or(lowest.kind = 'transaction'), bool_or(cardinality(lowest.path) > 1)
      INTO v_class, v_cap, v_known, v_turns, v_has_single, v_has_parents
    FROM unnest(s_class, s_scope) AS s (class, scope)
    JOIN ledger_cap lowest ON lowest.scope = s.scope AND lowest.scope = ANY (s_scope) AND lowest.removed_at IS NULL
    WHERE lowest.asset IS NULL OR lowest.asset = p_assets[k_asset[s.class]];
    -- Caps above them, each once for a class however many ways lead there.
    IF v_has_parents THEN
      SELECT array_agg(taken.class), array_agg(taken.id), array_agg(CASE WHEN taken.asset IS NULL THEN d_known[taken.class] END),
          bool_or(taken.kind = 'window' AND taken.bucket < ledger_bucket(taken.window_ms, v_now)), bool_or(taken.kind = 'transaction')
        INTO v_class, v_cap, v_known, v_turns, v_has_single
      FROM (
        SELECT DISTINCT u.class, above.id, above.asset, above.kind, above.bucket, above.window_ms
        FROM unnest(v_class, v_cap) AS u (class, cap)
        CROSS JOIN LATERAL (SELECT path FROM ledger_cap WHERE id = u.cap OFFSET 0) lowest
        CROSS JOIN LATERAL (
          SELECT id, asset, kind, bucket, window_ms FROM ledger_cap WHERE id = ANY (lowest.path) AND removed_at IS NULL OFFSET 0
        ) above
        WHERE above.asset IS NULL OR above.asset = p_assets[k_asset[u.class]]
      ) taken;
    END IF;
    v_cap := coalesce(v_cap, '{}');
  END IF;
  -- What is paid now counts from now, also under caps that it was reserved under long ago.
  IF v_closings > 0 THEN
    v_behind := ARRAY(
      SELECT cap.id FROM unnest(c_reservation) AS c (reservation)
        CROSS JOIN LATERAL (SELECT cap_ids FROM ledger_reservation WHERE id = c.reservation AND cap_ids <> '{}' OFFSET 0) r
        CROSS JOIN LATERAL (
          SELECT id FROM ledger_cap WHERE id = ANY (r.cap_ids) AND kind = 'window' AND bucket < ledger_bucket(window_ms, v_now) OFFSET 0
        ) cap);
  END IF;
  IF v_turns OR v_behind <> '{}' THEN
    IF v_closings > 0 THEN
      v_held := ARRAY(SELECT unnest(cap_ids) FROM ledger_reservation WHERE id = ANY (c_reservation));
    END IF;
    PERFORM FROM ledger_cap WHERE id = ANY (v_cap || v_held) ORDER BY (kind <> 'transaction'), id FOR NO KEY UPDATE;
    PERFORM ledger_turn_caps(v_cap || v_behind, v_now);
  END IF;
  IF v_has_single THEN
    SELECT bool_and(c.removed_at IS NULL AND asked.is_known AND CASE WHEN c.asset IS NULL THEN asked.dollars ELSE asked.units END <= c.amount)
      INTO v_is_fine
    FROM (SELECT * FROM ledger_cap WHERE id = ANY (v_cap) AND kind = 'transaction' ORDER BY id FOR NO KEY UPDATE) c
    JOIN (
      SELECT u.cap, max(k_largest[u.class]) AS units, max(coalesce(d_largest[u.class], k_largest[u.class])) AS dollars,
        bool_and(u.is_known IS NOT false) AS is_known
      FROM unnest(v_class, v_cap, v_known) AS u (class, cap, is_known) GROUP BY u.cap
    ) asked ON asked.cap = c.id;
    IF NOT v_is_fine THEN RAISE EXCEPTION USING ERRCODE = 'LG001'; END IF;
  END IF;
  IF v_closings > 0 THEN
    WITH net AS MATERIALIZED (
      SELECT change.cap, ledger_sum(change.spent) AS spent, ledger_sum(change.reserved) AS reserved, ledger_sum(change.d_spent) AS d_spent,
        ledger_sum(change.d_reserved) AS d_reserved, ledger_sum(change.captured) AS captured, ledger_sum(change.freed) AS freed,
        bool_and(change.is_known) AS is_known
      FROM (
        SELECT u.cap, k_spent[u.class] AS spent, k_reserved[u.class] AS reserved, coalesce(d_spent[u.class], k_spent[u.class]) AS d_spent,
          coalesce(d_reserved[u.class], k_reserved[u.class]) AS d_reserved, 0::bigint AS captured, 0::bigint AS freed,
          u.is_known IS NOT false AS is_known
        FROM unnest(v_class, v_cap, v_known) AS u (class, cap, is_known)
        UNION ALL
        SELECT cap.id, 0, 0, 0, 0, CASE WHEN ledger_cap_counts(cap.id, r.cap_ids, r.account_id, r.scopes, r.unused_scopes)
            THEN ledger_cap_units(cap.asset, r.captured, r.amount, r.value) ELSE 0 END,
          ledger_cap_units(cap.asset, r.amount, r.amount, r.value), NULL
        FROM unnest(c_reservation) AS c (reservation)
        CROSS JOIN LATERAL (
          SELECT account_id, amount, value, captured, cap_ids, scopes, unused_scopes FROM ledger_reservation WHERE id = c.reservation AND cap_ids <> '{}' OFFSET 0
        ) r
        CROSS JOIN LATERAL (SELECT id, asset FROM ledger_cap WHERE id = ANY (r.cap_ids) OFFSET 0) cap
      ) change GROUP BY change.cap
    ), moved AS (
      UPDATE ledger_cap c SET
        pending = c.pending - n.freed + CASE WHEN c.asset IS NULL THEN n.d_reserved ELSE n.reserved END,
        spent = c.spent + n.captured + CASE WHEN c.asset IS NULL THEN n.d_spent ELSE n.spent END,
        bucket_spent = c.bucket_spent + n.captured + CASE WHEN c.asset IS NULL THEN n.d_spent ELSE n.spent END
      FROM net n WHERE c.id = n.cap AND c.id = ANY (ARRAY(SELECT cap FROM net)) AND c.kind <> 'transaction'
      -- Nothing is asked of a cap that only gets something back, however little room a change has left it.
      RETURNING n.is_known IS NULL
        OR c.removed_at IS NULL AND n.is_known AND c.amount - c.pending - c.spent >= n.freed - n.captured AS has_room
    )
    SELECT bool_and(has_room) INTO v_is_fine FROM moved;
    IF NOT v_is_fine THEN RAISE EXCEPTION USING ERRCODE = 'LG001'; END IF;
  ELSIF v_cap <> '{}' THEN
    WITH moved AS (
      UPDATE ledger_cap c SET
        pending = c.pending + CASE WHEN c.asset IS NULL THEN n.d_reserved ELSE n.reserved END,
        spent = c.spent + CASE WHEN c.asset IS NULL THEN n.d_spent ELSE n.spent END,
        bucket_spent = c.bucket_spent + CASE WHEN c.asset IS NULL THEN n.d_spent ELSE n.spent END
      FROM (
        SELECT u.cap, ledger_sum(k_spent[u.class]) AS spent, ledger_sum(k_reserved[u.class]) AS reserved,
          ledger_sum(coalesce(d_spent[u.class], k_spent[u.class])) AS d_spent,
          ledger_sum(coalesce(d_reserved[u.class], k_reserved[u.class])) AS d_reserved, bool_and(u.is_known IS NOT false) AS is_known
        FROM unnest(v_class, v_cap, v_known) AS u (class, cap, is_known) GROUP BY u.cap
      ) n WHERE c.id = n.cap AND c.id = ANY (v_cap) AND c.kind <> 'transaction'
      RETURNING c.removed_at IS NULL AND n.is_known AND c.pending + c.spent <= c.amount AS has_room
    )
    SELECT bool_and(has_room) INTO v_is_fine FROM moved;
    IF NOT v_is_fine THEN RAISE EXCEPTION USING ERRCODE = 'LG001'; END IF;
  END IF;

  IF r_id <> '{}' THEN
    IF v_cap <> '{}' THEN
      v_class_caps := array_fill(NULL::text, ARRAY[cardinality(k_asset)]);
      FOR v_count, v_posted IN SELECT u.class, array_agg(u.cap ORDER BY u.cap)::text FROM unnest(v_class, v_cap) AS u (class, cap) GROUP BY u.class LOOP
        v_class_caps[v_count] := v_posted;
      END LOOP;
      v_posted := '';
    END IF;
    INSERT INTO ledger_reservation (id, key, account_id, amount, value, purpose, ref_id, scopes, cap_ids, expires_at, batch_id, created_at)
      SELECT i.id, i.key, i.account, i.amount, i.value, i.purpose, i.ref_id, coalesce(i.scopes::text[], '{}'),
        coalesce(v_class_caps[i.class]::bigint[], '{}'), i.expires_at, v_batch, v_now
      FROM unnest(r_id, r_key, r_account, r_amount, r_value, r_purpose, r_ref_id, r_expires_at, r_class, r_scopes)
        AS i (id, key, account, amount, value, purpose, ref_id, expires_at, class, scopes);
  END IF;

  IF p_reservation <> '{}' THEN
    INSERT INTO ledger_transfer (debit_id, credit_id, amount, asset, kind, ref_id, memo, reservation_id, batch_id, created_at)
      SELECT r.account_id, i.credit, i.amount, payer.asset, i.kind, i.ref_id, i.memo, i.reservation, v_batch, v_now
      FROM unnest(p_reservation, p_credit, p_root, p_asset, p_amount, p_kind, p_ref_id, p_memo)
        AS i (reservation, credit, root, asset, amount, kind, ref_id, memo)
      CROSS JOIN LATERAL (SELECT account_id FROM ledger_reservation WHERE id = i.reservation OFFSET 0) r
      CROSS JOIN LATERAL (SELECT coalesce(root_id, id) AS root, asset FROM ledger_account WHERE id = r.account_id OFFSET 0) payer
      WHERE payer.root <> i.root AND payer.asset = i.asset;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    IF v_count <> cardinality(p_reservation) THEN RAISE EXCEPTION USING ERRCODE = 'LG001'; END IF;
  END IF;

  IF t_key <> '{}' THEN
    WITH inserted AS (
      INSERT INTO ledger_transfer (key, debit_id, credit_id, amount, asset, kind, ref_id, memo, batch_id, created_at)
        SELECT i.*, v_batch, v_now FROM unnest(t_key, t_debit, t_credit, t_amount, t_asset, t_kind, t_ref_id, t_memo) AS i
        RETURNING id, key
    ), keyed AS (
      INSERT INTO ledger_key SELECT key, id FROM inserted
    )
    -- Ids were drawn in the order of the batch, so the k-th transfer has the k-th id.
    SELECT string_agg(id::text, ',' ORDER BY id) INTO v_posted FROM inserted;
  END IF;
  RETURN v_posted;
-- Whose fault it is shows when the operations are applied one by one.
EXCEPTION WHEN SQLSTATE 'LG001' OR unique_violation OR check_violation OR numeric_value_out_of_range THEN
  RETURN NULL;
END $$;

-- The caps that one spending falls under: those of its scopes and of its asset, and those above them, as the sets have it.
CREATE OR REPLACE FUNCTION ledger_caps_of(p_scopes text[], p_asset text) RETURNS bigint[] LANGUAGE sql STABLE AS $$
  SELECT coalesce(array_agg(id ORDER BY id), '{}') FROM ledger_cap
  WHERE id = ANY (ARRAY(
      SELECT unnest(path) FROM ledger_cap WHERE scope = ANY (p_scopes) AND removed_at IS NULL AND (asset IS NULL OR asset = p_asset)
    )) AND removed_at IS NULL AND (asset IS NULL OR asset = p_asset)
$$;

-- The scopes of a capture, in a ledger_item, are those of its reservation that it leaves unused.
-- Applies one operation by itself and answers its status. Accounts and caps are locked already.
CREATE OR REPLACE FUNCTION ledger_apply_item(item ledger_item, parts ledger_item[], batch bigint, p_now timestamptz,
  OUT status text, OUT result_id text, OUT replayed boolean, OUT detail jsonb) LANGUAGE plpgsql AS $$
DECLARE
  payer ledger_account;
  payee ledger_account;
  held ledger_reservation;
  earlier ledger_transfer;
  part ledger_item;
  caps bigint[];
  total numeric := 0;
  largest CONSTANT bigint := 9223372036854775807;
BEGIN
  replayed := false;
  IF item.op IN (1, 2) THEN
    SELECT s.* INTO payer FROM ledger_account a JOIN ledger_account s ON s.id = ledger_shard(a.id, a.shard_ids, batch)
      WHERE a.code = item.account;
    IF item.op = 1 THEN
      SELECT s.* INTO payee FROM ledger_account a JOIN ledger_account s ON s.id = ledger_shard(a.id, a.shard_ids, batch)
        WHERE a.code = item.credit;
      SELECT t.* INTO earlier FROM ledger_key k JOIN ledger_transfer t ON t.id = k.transfer_id WHERE k.key = item.key;
      IF FOUND THEN
        replayed := (ledger_root(earlier.debit_id), ledger_root(earlier.credit_id), earlier.amount, earlier.asset, earlier.kind, earlier.ref_id, earlier.memo)
          IS NOT DISTINCT FROM (ledger_root(payer.id), ledger_root(payee.id), item.amount, item.asset, item.kind, item.ref_id, item.memo);
        status := CASE WHEN replayed THEN 'ok' ELSE 'IDEMPOTENCY_KEY_REUSED' END;
        result_id := CASE WHEN replayed THEN earlier.id::text END;
        RETURN;
      END IF;
      -- The key of a transfer whose partition was archived: its content lies elsewhere, and it is not applied again.
      IF EXISTS (SELECT FROM ledger_key WHERE key = item.key) THEN status := 'IDEMPOTENCY_KEY_REUSED'; RETURN; END IF;
    ELSE
      SELECT * INTO held FROM ledger_reservation WHERE key = item.key;
      IF FOUND THEN
        -- A retry reckons its expiry and its value anew, so those are not part of what has to be equal.
        replayed := (ledger_root(held.account_id), held.amount, held.purpose, held.ref_id, held.scopes)
          IS NOT DISTINCT FROM (ledger_root(payer.id), item.amount, item.kind, item.ref_id, item.scopes);
        status := CASE WHEN replayed THEN 'ok' ELSE 'IDEMPOTENCY_KEY_REUSED' END;
        result_id := CASE WHEN replayed THEN held.id END;
        RETURN;
      END IF;
    END IF;
    status := CASE
      WHEN item.amount IS NULL OR item.amount <= 0 THEN 'AMOUNT_INVALID'
      WHEN payer.id IS NULL OR (item.op = 1 AND payee.id IS NULL) THEN 'ACCOUNT_NOT_FOUND'
      WHEN item.op = 1 AND ledger_root(payer.id) = ledger_root(payee.id) THEN 'ACCOUNTS_EQUAL'
      WHEN payer.asset <> item.asset OR (item.op = 1 AND payee.asset <> item.asset) THEN 'ASSET_UNKNOWN'
      WHEN NOT payer.may_overdraw AND payer.credits_posted - payer.debits_posted - payer.debits_pending < item.amount
        AND NOT ledger_gather(payer.id, item.amount, batch, p_now) THEN 'INSUFFICIENT_FUNDS'
      WHEN payee.credits_posted > largest - item.amount OR payer.debits_posted > largest - item.amount
        OR payer.debits_pending > largest - item.amount THEN 'AMOUNT_INVALID'
      ELSE 'ok'
    END;
    IF status <> 'ok' THEN RETURN; END IF;
    caps := ledger_caps_of(array_append(item.scopes, item.account), payer.asset);
    IF cardinality(caps) > 0 THEN
      detail := ledger_take_caps(caps, payer.asset, item.amount,
        CASE payer.asset WHEN 'USD' THEN item.amount ELSE item.value END, item.op = 2);
      IF detail IS NOT NULL THEN status := detail ->> 'code'; RETURN; END IF;
    END IF;

    IF item.op = 1 THEN
      INSERT INTO ledger_transfer (key, debit_id, credit_id, amount, asset, kind, ref_id, memo, batch_id, created_at)
        VALUES (item.key, payer.id, payee.id, item.amount, item.asset, item.kind, item.ref_id, item.memo, batch, p_now)
        RETURNING id::text INTO result_id;
      INSERT INTO ledger_key VALUES (item.key, result_id::bigint);
      UPDATE ledger_account SET debits_posted = debits_posted + item.amount WHERE id = payer.id;
      UPDATE ledger_account SET credits_posted = credits_posted + item.amount WHERE id = payee.id;
    ELSE
      INSERT INTO ledger_reservation (id, key, account_id, amount, value, purpose, ref_id, scopes, cap_ids, expires_at, batch_id, created_at)
        VALUES (item.reservation, item.key, payer.id, item.amount, item.value, item.kind, item.ref_id, item.scopes, caps, item.expires_at, batch, p_now);
      UPDATE ledger_account SET debits_pending = debits_pending + item.amount WHERE id = payer.id;
      result_id := item.reservation;
    END IF;

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
    IF held.id IS NULL OR split_part(payer.code, '/', 1) <> item.account THEN status := 'RESERVATION_NOT_FOUND'; RETURN; END IF;
    IF held.status <> 'open' THEN status := 'RESERVATION_CLOSED'; RETURN; END IF;

    SELECT coalesce(sum(p.amount), 0) INTO total FROM unnest(parts) p;
    FOREACH part IN ARRAY parts LOOP
      SELECT s.* INTO payee FROM ledger_account a JOIN ledger_account s ON s.id = ledger_shard(a.id, a.shard_ids, batch)
        WHERE a.code = part.credit;
      status := CASE
        WHEN part.amount IS NULL OR part.amount <= 0 THEN 'AMOUNT_INVALID'
        WHEN payee.id IS NULL THEN 'ACCOUNT_NOT_FOUND'
        WHEN ledger_root(payee.id) = ledger_root(payer.id) THEN 'ACCOUNTS_EQUAL'
        WHEN payee.asset <> payer.asset THEN 'ASSET_UNKNOWN'
        WHEN payee.credits_posted > largest - held.amount OR payer.debits_posted > largest - held.amount THEN 'AMOUNT_INVALID'
        ELSE 'ok'
      END;
      IF status <> 'ok' THEN RETURN; END IF;
    END LOOP;
    IF total > held.amount THEN status := 'CAPTURE_EXCEEDS_RESERVATION'; RETURN; END IF;

    UPDATE ledger_reservation SET status = CASE item.op WHEN 3 THEN 'captured' ELSE item.kind END,
      captured = total, released = amount - total, closed_key = item.key, closed_hash = item.hash, closed_at = p_now,
      closed_batch_id = batch, unused_scopes = nullif(item.scopes, '{}')
      WHERE id = held.id;
    UPDATE ledger_account SET debits_pending = debits_pending - held.amount, debits_posted = debits_posted + total
      WHERE id = payer.id;
    FOREACH part IN ARRAY parts LOOP
      SELECT ledger_shard(id, shard_ids, batch) AS id INTO payee.id FROM ledger_account WHERE code = part.credit;
      UPDATE ledger_account SET credits_posted = credits_posted + part.amount WHERE id = payee.id;
      INSERT INTO ledger_transfer (debit_id, credit_id, amount, asset, kind, ref_id, memo, reservation_id, batch_id, created_at)
        VALUES (payer.id, payee.id, part.amount, payer.asset, part.kind, part.ref_id, part.memo, held.id, batch, p_now);
    END LOOP;
    UPDATE ledger_cap c SET pending = pending - net.freed, spent = spent + net.captured, bucket_spent = bucket_spent + net.captured
      FROM (
        SELECT id, ledger_cap_units(asset, held.amount, held.amount, held.value) AS freed,
          CASE WHEN ledger_cap_counts(id, held.cap_ids, held.account_id, held.scopes, nullif(item.scopes, '{}'))
            THEN ledger_cap_units(asset, total::bigint, held.amount, held.value) ELSE 0 END AS captured
        FROM ledger_cap WHERE id = ANY (held.cap_ids) AND kind <> 'transaction'
      ) net WHERE c.id = net.id AND c.id = ANY (held.cap_ids);
    status := 'ok';
    result_id := held.id;
  END IF;
END $$;

-- Applies a batch one operation after the other; `results` has one object for every operation: `n`; `status`, 'ok' or the code of
-- the error that the operation met alone; `id`, `replayed`, and what a refusal says besides in `detail`. Nothing is raised
-- for those, so that a caller's transaction stays usable.
--
-- All accounts are locked in the order of their ids, all caps as `ledger_post_set` takes them, before anything is read.
--
--   p_codes     the codes of all accounts, each once, the `p_payers` ones that transfers and reservations take from first;
--               `account` and `credit` are positions in it
--   p_assets    the codes of all assets there are · p_kinds   the kinds in this batch; likewise
--   p_scope     the scopes of operations besides their accounts, `p_scope_item` whose
-- A column without values may be shorter than the others.
DROP FUNCTION ledger_post(text[], int, text[], text[], int[], text[], int[], int[], bigint[], bigint[], int[], int[], text[], text[], text[],
  timestamptz[], text[], int[], int[], int[], text[]);
CREATE FUNCTION ledger_post_each(
  p_codes text[], p_payers int, p_assets text[], p_kinds text[],
  p_op int[], p_key text[], p_account int[], p_credit int[], p_amount bigint[], p_value bigint[], p_asset int[], p_kind int[],
  p_ref_id text[], p_memo text[], p_reservation text[], p_expires_at timestamptz[], p_hash text[], p_parent int[], p_unit int[],
  p_scope_item int[], p_scope text[]
) RETURNS jsonb LANGUAGE plpgsql
SET enable_seqscan = off
SET enable_nestloop = off
AS $$
DECLARE
  v_rows CONSTANT int := cardinality(p_op);
  v_parts CONSTANT int := cardinality(array_positions(p_op, 4));
  v_batch CONSTANT bigint := nextval('ledger_batch_seq');
  v_now timestamptz(3);
  v_accounts bigint[];
  v_caps bigint[];
  v_count int;
  v_items ledger_item[];
  v_unit_items ledger_item[];
  v_item ledger_item;
  v_answer record;
  v_status text[];
  v_result text[];
  v_replayed boolean[];
  v_detail jsonb[];
BEGIN
  PERFORM ledger_check_isolation();
  PERFORM pg_advisory_xact_lock_shared(7141, 0);
  INSERT INTO ledger_batch (id) VALUES (v_batch);
  -- Ids, owners and scopes never change, so they may be read before anything is locked. Of an account in shards any may be needed.
  v_accounts := ARRAY(
    SELECT coalesce(s.id, a.id) FROM unnest(p_codes) AS c (code)
      CROSS JOIN LATERAL (SELECT id, shard_ids FROM ledger_account WHERE code = c.code AND root_id IS NULL OFFSET 0) a
      LEFT JOIN LATERAL unnest(a.shard_ids) AS s (id) ON true
    UNION SELECT account_id FROM ledger_reservation WHERE id = ANY (p_reservation));
  PERFORM FROM ledger_account WHERE id = ANY (v_accounts) ORDER BY id FOR NO KEY UPDATE;
  v_caps := ARRAY(
    SELECT unnest(cap_ids) FROM ledger_reservation WHERE id = ANY (p_reservation)
    UNION SELECT unnest(path) FROM ledger_cap WHERE scope = ANY (p_codes[:p_payers] || p_scope) AND removed_at IS NULL);
  v_now := date_trunc('milliseconds', clock_timestamp());
  PERFORM FROM ledger_cap WHERE id = ANY (v_caps) ORDER BY (kind <> 'transaction'), id FOR NO KEY UPDATE;
  PERFORM ledger_turn_caps(v_caps, v_now);

  SELECT array_agg((i.n, i.op, i.key, p_codes[i.account], p_codes[i.credit], i.amount, i.value, p_assets[i.asset], p_kinds[i.kind],
    i.ref_id, i.memo, i.reservation, i.expires_at, i.hash, i.parent, i.unit,
    ARRAY(SELECT s.scope FROM unnest(p_scope_item, p_scope) AS s (item, scope) WHERE s.item = i.n))::ledger_item ORDER BY i.n) INTO v_items
  FROM unnest(p_op, p_key, p_account, p_credit, p_amount, p_value, p_asset, p_kind, p_ref_id, p_memo, p_reservation, p_expires_at,
    p_hash, p_parent, p_unit) WITH ORDINALITY
    AS i (op, key, account, credit, amount, value, asset, kind, ref_id, memo, reservation, expires_at, hash, parent, unit, n);
  v_status := array_fill(NULL::text, ARRAY[v_rows]);
  v_result := v_status;
  v_replayed := array_fill(false, ARRAY[v_rows]);
  v_detail := array_fill(NULL::jsonb, ARRAY[v_rows]);

  FOR v_unit_items IN
    SELECT array_agg(i ORDER BY i.n) FROM unnest(v_items) i WHERE i.op <> 4 GROUP BY i.unit ORDER BY i.unit
  LOOP
    BEGIN
      FOREACH v_item IN ARRAY v_unit_items LOOP
        v_answer := ledger_apply_item(v_item, ARRAY(SELECT p FROM unnest(v_items) p WHERE v_parts > 0 AND p.parent = v_item.n), v_batch, v_now);
        v_status[v_item.n] := v_answer.status;
        v_result[v_item.n] := v_answer.result_id;
        v_replayed[v_item.n] := v_answer.replayed;
        v_detail[v_item.n] := v_answer.detail;
        IF v_answer.status <> 'ok' AND cardinality(v_unit_items) > 1 THEN RAISE EXCEPTION USING ERRCODE = 'LG001'; END IF;
      END LOOP;
    EXCEPTION WHEN SQLSTATE 'LG001' THEN
      v_count := v_item.n;
      FOREACH v_item IN ARRAY v_unit_items LOOP
        IF v_item.n <> v_count THEN
          v_status[v_item.n] := 'NOT_APPLIED';
          v_detail[v_item.n] := NULL;
        END IF;
        v_result[v_item.n] := NULL;
        v_replayed[v_item.n] := false;
      END LOOP;
    END;
  END LOOP;

  RETURN (SELECT jsonb_agg(jsonb_build_object('n', i.n, 'status', v_status[i.n], 'id', v_result[i.n], 'replayed', v_replayed[i.n],
    'detail', v_detail[i.n]) ORDER BY i.n) FROM unnest(v_items) i WHERE i.op <> 4);
END $$;

-- Where the newest reservations of a window lie, for caps on scopes that anybody may spend under.
CREATE INDEX ledger_reservation_closed_at ON ledger_reservation USING brin (closed_at) WITH (pages_per_range = 16, autosummarize = on);

-- Whether another transaction committed a batch that a snapshot does not have.
CREATE FUNCTION ledger_came_after(p_batch bigint, p_seen pg_snapshot) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT NOT pg_visible_in_snapshot(b.xid, p_seen) AND b.xid IS DISTINCT FROM pg_current_xact_id_if_assigned()
  FROM ledger_batch b WHERE b.id = p_batch
$$;

-- What was spent under a scope since a moment, by bucket of a cap. `p_accounts` are the codes of the accounts that can spend under
-- it, null when any can or when the scope is an account. With `p_seen`, only what that snapshot could not see. All of it is
-- read with the snapshot of the statement that calls.
CREATE FUNCTION ledger_spent_under(p_scope text, p_asset text, p_window_ms bigint, p_since timestamptz, p_accounts text[], p_seen pg_snapshot)
RETURNS TABLE (bucket bigint, units bigint) LANGUAGE plpgsql STABLE
SET enable_seqscan = off
AS $$
DECLARE
  is_account CONSTANT boolean := EXISTS (SELECT FROM ledger_account WHERE code = p_scope);
  accounts CONSTANT bigint[] := ARRAY(SELECT unnest(coalesce(shard_ids, ARRAY[id])) FROM ledger_account
    WHERE code = ANY (CASE WHEN is_account THEN ARRAY[p_scope] ELSE p_accounts END) AND root_id IS NULL);
  -- Transfers that ran at the same time lie a little out of order.
  first CONSTANT bigint := CASE WHEN p_since > '-infinity' THEN ledger_transfer_at(p_since - interval '10 minutes') ELSE 0 END;
BEGIN
  IF NOT is_account AND p_accounts IS NULL THEN
    RETURN QUERY
      SELECT ledger_bucket(p_window_ms, r.closed_at), sum(ledger_cap_units(p_asset, r.captured, r.amount, r.value))::bigint
      FROM ledger_reservation r JOIN ledger_account a ON a.id = r.account_id
      WHERE r.closed_at > p_since AND r.captured > 0 AND p_scope = ANY (r.scopes) AND NOT p_scope = ANY (coalesce(r.unused_scopes, '{}'))
        AND (p_asset IS NULL OR a.asset = p_asset)
        AND (p_seen IS NULL OR ledger_came_after(r.closed_batch_id, p_seen))
      GROUP BY 1;
    RETURN;
  END IF;
  RETURN QUERY
    WITH paid AS MATERIALIZED (
      SELECT t.created_at, t.amount, t.asset, t.reservation_id FROM ledger_transfer t
      WHERE t.debit_id = ANY (accounts) AND t.id >= first AND t.kind <> 'shard' AND (p_asset IS NULL OR t.asset = p_asset)
        AND (p_seen IS NULL OR ledger_came_after(t.batch_id, p_seen))
    ), archived AS MATERIALIZED (
      -- Nothing that is archived can still come after a snapshot.
      SELECT from_id, last_at, first_batch, last_batch FROM ledger_archive WHERE p_seen IS NULL AND detached_at IS NOT NULL AND last_at > p_since
    ), entry AS (
      SELECT paid.created_at AS at, CASE WHEN p_asset IS NULL AND paid.asset <> 'USD' THEN 0 ELSE paid.amount END AS units
        FROM paid WHERE paid.reservation_id IS NULL AND is_account AND paid.created_at > p_since
      UNION ALL
      SELECT r.closed_at, ledger_cap_units(p_asset, r.captured, r.amount, r.value)
        FROM (
          SELECT reservation_id AS id FROM paid WHERE reservation_id IS NOT NULL
          UNION SELECT r.id FROM archived x JOIN ledger_reservation r ON r.closed_batch_id BETWEEN x.first_batch AND x.last_batch
            JOIN ledger_account a ON a.id = r.account_id
            WHERE NOT is_account AND r.account_id = ANY (accounts) AND r.captured > 0 AND (p_asset IS NULL OR a.asset = p_asset)
        ) c
        CROSS JOIN LATERAL (SELECT * FROM ledger_reservation WHERE id = c.id OFFSET 0) r
        WHERE r.closed_at > p_since AND (is_account OR p_scope = ANY (r.scopes)) AND NOT p_scope = ANY (coalesce(r.unused_scopes, '{}'))
      UNION ALL
      -- Of what an account itself paid there, the sum is left, counted as if all of it were paid last: late, never early.
      SELECT x.last_at, s.debits FROM archived x JOIN ledger_archive_sum s ON s.from_id = x.from_id JOIN ledger_account a ON a.id = s.account_id
        WHERE is_account AND s.account_id = ANY (accounts) AND a.asset = coalesce(p_asset, 'USD')
    )
    SELECT ledger_bucket(p_window_ms, entry.at), sum(entry.units)::bigint FROM entry WHERE entry.units > 0 GROUP BY 1;
END $$;

-- Makes a cap and counts what its scope has spent inside the window already: everything that an account paid, and for other
-- scopes what reservations under it paid. Open reservations of the scope count as well, until they close.
--
-- Most of that is counted first, while spending goes on. Then it waits for every spending on its way, and those that come wait
-- for it while it counts what has happened meanwhile: none is counted neither here nor by the cap.
--
--   p_accounts  the codes of the accounts that can spend under the scope; null when any can, or when the scope is an account
DROP FUNCTION ledger_create_cap(text, text, text, text, bigint, bigint, text, text, text, text);
CREATE FUNCTION ledger_create_cap(p_code text, p_scope text, p_asset text, p_kind text, p_amount bigint, p_window_ms bigint,
  p_parent text, p_owner text, p_note text, p_actor text, p_accounts text[]) RETURNS bigint LANGUAGE plpgsql
SET lock_timeout = '5s'
AS $$
DECLARE
  batch CONSTANT bigint := nextval('ledger_batch_seq');
  parent ledger_cap;
  made ledger_cap;
  since timestamptz := CASE p_kind WHEN 'window' THEN clock_timestamp() - p_window_ms * interval '1 millisecond' ELSE '-infinity' END;
  opened timestamptz;
  seen pg_snapshot;
  buckets bigint[];
  amounts bigint[];
BEGIN
  PERFORM ledger_check_isolation();
  IF p_parent IS NOT NULL THEN
    SELECT * INTO parent FROM ledger_cap WHERE code = p_parent AND removed_at IS NULL;
    IF NOT FOUND THEN RETURN NULL; END IF;
  END IF;
  INSERT INTO ledger_batch (id) VALUES (batch);
  INSERT INTO ledger_cap (code, scope, asset, kind, amount, window_ms, parent_id, owner_id, note)
    VALUES (p_code, p_scope, p_asset, p_kind, p_amount, p_window_ms, parent.id, p_owner, p_note) RETURNING * INTO made;
  UPDATE ledger_cap SET path = coalesce(parent.path, '{}') || made.id WHERE id = made.id;
  INSERT INTO ledger_cap_change (cap_id, amount, actor, batch_id) VALUES (made.id, p_amount, p_actor, batch);
  IF p_kind = 'transaction' THEN
    -- Whoever takes from it takes from the caps above it too, which must not change between looking and taking.
    IF parent.id IS NOT NULL THEN PERFORM pg_advisory_xact_lock(7141, 0); END IF;
    RETURN made.id;
  END IF;

  -- What is not committed yet was posted after its transaction began; times are cut to milliseconds and a clock may be set back a
  -- little. Where sessions of others cannot be seen, an hour has to do.
  SELECT CASE WHEN bool_or(state IS NULL) THEN clock_timestamp() - interval '1 hour' ELSE coalesce(min(xact_start), clock_timestamp()) END
    INTO opened FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend';
  SELECT pg_current_snapshot(), array_agg(s.bucket), array_agg(s.units) INTO seen, buckets, amounts
    FROM ledger_spent_under(p_scope, p_asset, p_window_ms, since, p_accounts, NULL) s;
  PERFORM pg_advisory_xact_lock(7141, 0);
  SELECT buckets || array_agg(s.bucket), amounts || array_agg(s.units) INTO buckets, amounts
    FROM ledger_spent_under(p_scope, p_asset, p_window_ms, greatest(since, opened - interval '1 minute'), p_accounts, seen) s;

  WITH bucketed AS (
    SELECT s.bucket, sum(s.units)::bigint AS units FROM unnest(buckets, amounts) AS s (bucket, units) GROUP BY s.bucket
  )
  UPDATE ledger_cap SET spent = coalesce((SELECT sum(units) FROM bucketed), 0),
    past_bucket = coalesce((SELECT array_agg(bucketed.bucket ORDER BY bucketed.bucket) FROM bucketed), '{}'),
    past_spent = coalesce((SELECT array_agg(units ORDER BY bucketed.bucket) FROM bucketed), '{}'),
    bucket = coalesce((SELECT max(bucketed.bucket) + 1 FROM bucketed), 0)
  WHERE id = made.id;

  WITH held AS (
    UPDATE ledger_reservation r SET cap_ids = array_append(r.cap_ids, made.id)
    FROM ledger_account a
    WHERE r.status = 'open' AND a.id = r.account_id AND (p_asset IS NULL OR a.asset = p_asset)
      AND (p_scope = ANY (r.scopes) OR p_scope = split_part(a.code, '/', 1))
    RETURNING ledger_cap_units(p_asset, r.amount, r.amount, r.value) AS units
  )
  UPDATE ledger_cap SET pending = coalesce((SELECT sum(units) FROM held), 0) WHERE id = made.id;
  RETURN made.id;
END $$;

-- A capture that left scopes unused has one field more; a row begins with a letter and a field never does, so that is no other row.
-- The rows that batches wrote, as they are hashed: accounts (a), cap changes with the cap's terms (k), reservations as they were
-- opened (o) and as they were closed (c), transfers (t). docs/audit.md has the list for whoever checks it from outside.
CREATE OR REPLACE FUNCTION ledger_batch_rows(p_first bigint, p_last bigint) RETURNS TABLE (batch_id bigint, tag text, row_id text, content text)
LANGUAGE sql STABLE AS $$
  SELECT a.batch_id, 'a', lpad(a.id::text, 20, '0'), 'a' || ledger_field(a.id) || ledger_field(a.code) || ledger_field(a.asset) || ledger_field(a.owner_id)
      || ledger_field(a.may_overdraw::text) || ledger_field(a.root_id) || ledger_field(a.created_at)
    FROM ledger_account a WHERE a.batch_id BETWEEN p_first AND p_last
  UNION ALL
  SELECT k.batch_id, 'k', lpad(k.id::text, 20, '0'), 'k' || ledger_field(k.id) || ledger_field(k.cap_id) || ledger_field(k.amount) || ledger_field(k.actor)
      || ledger_field(k.changed_at) || ledger_field(c.code) || ledger_field(c.scope) || ledger_field(c.asset) || ledger_field(c.kind)
      || ledger_field(c.window_ms) || ledger_field(c.parent_id) || ledger_field(c.owner_id) || ledger_field(c.created_at)
    FROM ledger_cap_change k JOIN ledger_cap c ON c.id = k.cap_id WHERE k.batch_id BETWEEN p_first AND p_last
  UNION ALL
  SELECT r.batch_id, 'o', r.id, 'o' || ledger_field(r.id) || ledger_field(r.key) || ledger_field(r.account_id) || ledger_field(r.amount) || ledger_field(r.value)
      || ledger_field(r.purpose) || ledger_field(r.ref_id) || ledger_field(to_jsonb(r.scopes)::text) || ledger_field(r.expires_at) || ledger_field(r.created_at)
    FROM ledger_reservation r WHERE r.batch_id BETWEEN p_first AND p_last
  UNION ALL
  SELECT r.closed_batch_id, 'c', r.id, 'c' || ledger_field(r.id) || ledger_field(r.status) || ledger_field(r.captured) || ledger_field(r.released)
      || ledger_field(r.closed_key) || ledger_field(r.closed_hash) || ledger_field(r.closed_at)
      || CASE WHEN r.unused_scopes IS NULL THEN '' ELSE ledger_field(to_jsonb(r.unused_scopes)::text) END
    FROM ledger_reservation r WHERE r.closed_batch_id BETWEEN p_first AND p_last
  UNION ALL
  SELECT t.batch_id, 't', lpad(t.id::text, 20, '0'), 't' || ledger_field(t.id) || ledger_field(t.key) || ledger_field(t.debit_id) || ledger_field(t.credit_id)
      || ledger_field(t.amount) || ledger_field(t.asset) || ledger_field(t.kind) || ledger_field(t.ref_id) || ledger_field(t.memo)
      || ledger_field(t.reservation_id) || ledger_field(t.created_at)
    FROM ledger_transfer t WHERE t.batch_id BETWEEN p_first AND p_last
$$;
