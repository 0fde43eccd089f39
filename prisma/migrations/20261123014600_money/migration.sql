-- Money that anyone can check: partitioned transfers, batches that a hash chain seals, caps beside balances, accounts in shards.

-- Batches: every write to the ledger names the one it came in -----------------------------------------------------------

-- `xid` tells when everything before a batch has been decided; `link`, `digest` and `hash` are filled in when it is sealed.
CREATE TABLE ledger_batch (
  id bigint PRIMARY KEY,
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  posted_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  link bigint UNIQUE,
  digest bytea,
  hash bytea,
  CHECK ((link IS NULL) = (digest IS NULL) AND (link IS NULL) = (hash IS NULL))
);
CREATE INDEX ledger_batch_unsealed ON ledger_batch (id) WHERE link IS NULL;

CREATE FUNCTION ledger_refuse_reseal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.link IS NOT NULL OR NEW.id <> OLD.id OR NEW.xid <> OLD.xid OR NEW.posted_at <> OLD.posted_at THEN
    RAISE EXCEPTION 'a batch is sealed once and never changed' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER ledger_batch_sealed_once BEFORE UPDATE ON ledger_batch FOR EACH ROW EXECUTE FUNCTION ledger_refuse_reseal();
CREATE TRIGGER ledger_batch_kept BEFORE DELETE OR TRUNCATE ON ledger_batch
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();

-- Transfers: partitioned by id, which grows with time -------------------------------------------------------------------

-- A key is unique over all partitions, those that were archived included, so it has a table of its own.
CREATE TABLE ledger_key (key text PRIMARY KEY, transfer_id bigint NOT NULL);

ALTER TABLE ledger_transfer RENAME TO ledger_transfer_before;
ALTER SEQUENCE ledger_transfer_id_seq OWNED BY NONE;
CREATE TABLE ledger_transfer (
  id bigint NOT NULL DEFAULT nextval('ledger_transfer_id_seq'),
  key text,
  debit_id bigint NOT NULL,
  credit_id bigint NOT NULL,
  amount bigint NOT NULL,
  asset text NOT NULL,
  kind text NOT NULL,
  ref_id text,
  memo text,
  reservation_id text,
  batch_id bigint NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT ledger_transfer_amount CHECK (amount > 0),
  CONSTRAINT ledger_transfer_two_accounts CHECK (debit_id <> credit_id),
  CONSTRAINT ledger_transfer_one_origin CHECK ((key IS NULL) <> (reservation_id IS NULL))
) PARTITION BY RANGE (id);
ALTER SEQUENCE ledger_transfer_id_seq OWNED BY ledger_transfer.id;

-- Opens the partitions that the next transfers will need. Safe to repeat; a job does, long before they are reached.
CREATE FUNCTION ledger_open_partitions() RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  size CONSTANT bigint := 10000000;
  first CONSTANT bigint := (SELECT last_value FROM ledger_transfer_id_seq) / size;
  opened int := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('ledger_open_partitions'));
  FOR n IN first .. first + 1 LOOP
    CONTINUE WHEN to_regclass('ledger_transfer_p' || n) IS NOT NULL;
    EXECUTE format('CREATE TABLE ledger_transfer_p%s PARTITION OF ledger_transfer FOR VALUES FROM (%s) TO (%s)',
      n, n * size, (n + 1) * size);
    EXECUTE format('CREATE TRIGGER ledger_transfer_p%s_kept BEFORE TRUNCATE ON ledger_transfer_p%s
      FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change()', n, n);
    opened := opened + 1;
  END LOOP;
  RETURN opened;
END $$;
SELECT ledger_open_partitions();
-- Nothing lands here while the job runs; a transfer must not fail because it did not.
CREATE TABLE ledger_transfer_rest PARTITION OF ledger_transfer DEFAULT;

INSERT INTO ledger_transfer SELECT id, key, debit_id, credit_id, amount, asset, kind, ref_id, memo, reservation_id, batch_id, created_at
  FROM ledger_transfer_before;
INSERT INTO ledger_key SELECT key, id FROM ledger_transfer WHERE key IS NOT NULL;
INSERT INTO ledger_batch (id) SELECT DISTINCT batch_id FROM ledger_transfer;
DROP TABLE ledger_transfer_before;
ALTER TABLE ledger_transfer ADD CONSTRAINT ledger_transfer_pkey PRIMARY KEY (id);
CREATE INDEX ledger_transfer_debit_id_id_idx ON ledger_transfer (debit_id, id);
CREATE INDEX ledger_transfer_credit_id_id_idx ON ledger_transfer (credit_id, id);
CREATE INDEX ledger_transfer_reservation ON ledger_transfer (reservation_id) WHERE reservation_id IS NOT NULL;
-- Batches come in order, give or take those that ran at the same time.
CREATE INDEX ledger_transfer_batch ON ledger_transfer USING brin (batch_id) WITH (pages_per_range = 16, autosummarize = on);

-- For each row, because a trigger for each statement on a partitioned table is not asked when a partition is named.
CREATE TRIGGER ledger_transfer_append_only BEFORE UPDATE OR DELETE ON ledger_transfer
  FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_transfer_kept BEFORE TRUNCATE ON ledger_transfer
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_transfer_rest_kept BEFORE TRUNCATE ON ledger_transfer_rest
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();

-- Accounts: in shards where everybody touches them ------------------------------------------------------------------------

-- An account in shards is its own first shard; the others are rows that name it as their root. A batch uses one of them.
ALTER TABLE ledger_account
  ADD COLUMN root_id bigint REFERENCES ledger_account (id),
  ADD COLUMN shard_ids bigint[],
  ADD COLUMN batch_id bigint;
CREATE INDEX ledger_account_root ON ledger_account (root_id) WHERE root_id IS NOT NULL;
ALTER TABLE ledger_account
  DROP CONSTRAINT ledger_account_overdraft_is_named,
  ADD CONSTRAINT ledger_account_overdraft_is_named
    CHECK (NOT may_overdraw OR split_part(code, '/', 1) IN ('platform:vault', 'platform:external', 'platform:external:EUR')),
  ADD CONSTRAINT ledger_account_shard_is_named CHECK ((root_id IS NULL) = (position('/' IN code) = 0));
DROP TRIGGER ledger_account_identity_fixed ON ledger_account;
-- What was there before there were batches for it belongs to one of its own.
INSERT INTO ledger_batch (id) SELECT nextval('ledger_batch_seq') WHERE EXISTS (SELECT FROM ledger_account);
UPDATE ledger_account SET batch_id = currval('ledger_batch_seq') WHERE batch_id IS NULL;
ALTER TABLE ledger_account ALTER COLUMN batch_id SET NOT NULL;
CREATE INDEX ledger_account_batch ON ledger_account (batch_id);
CREATE TRIGGER ledger_account_identity_fixed BEFORE UPDATE OF id, code, asset, owner_id, may_overdraw, root_id, batch_id, created_at
  ON ledger_account FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();

-- Makes the accounts that do not exist yet, in one batch of the chain.
CREATE FUNCTION ledger_open_accounts(p_accounts jsonb) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  batch bigint;
  opened int;
BEGIN
  IF NOT EXISTS (SELECT FROM jsonb_array_elements(p_accounts) w WHERE NOT EXISTS (SELECT FROM ledger_account WHERE code = w ->> 'code'))
  THEN RETURN 0; END IF;
  batch := nextval('ledger_batch_seq');
  INSERT INTO ledger_batch (id) VALUES (batch);
  -- Sorted, so that two transactions that make the same accounts wait for each other in one direction only.
  INSERT INTO ledger_account (code, asset, owner_id, may_overdraw, batch_id)
    SELECT w.code, w.asset, w.owner_id, w.may_overdraw, batch
    FROM jsonb_to_recordset(p_accounts) AS w (code text, asset text, owner_id text, may_overdraw boolean)
    ORDER BY w.code ON CONFLICT (code) DO NOTHING;
  GET DIAGNOSTICS opened = ROW_COUNT;
  RETURN opened;
END $$;

-- Spreads an account over as many rows. It can get more of them later, never fewer.
CREATE FUNCTION ledger_shard_account(p_code text, p_shards int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  root ledger_account;
  batch bigint;
BEGIN
  SELECT * INTO root FROM ledger_account WHERE code = p_code AND root_id IS NULL FOR UPDATE;
  IF root.id IS NULL OR coalesce(cardinality(root.shard_ids), 1) >= p_shards THEN RETURN; END IF;
  batch := nextval('ledger_batch_seq');
  INSERT INTO ledger_batch (id) VALUES (batch);
  INSERT INTO ledger_account (code, asset, owner_id, may_overdraw, root_id, batch_id)
    SELECT p_code || '/' || n, root.asset, root.owner_id, root.may_overdraw, root.id, batch
    FROM generate_series(coalesce(cardinality(root.shard_ids), 1), p_shards - 1) n;
  UPDATE ledger_account SET shard_ids = root.id || ARRAY(SELECT id FROM ledger_account WHERE root_id = root.id ORDER BY id)
    WHERE id = root.id;
END $$;

-- Caps ------------------------------------------------------------------------------------------------------------------------

-- What may be spent at most under one scope: in any window of a length, ever, or at once.
--   asset       null: counted in micro-dollars over all assets
--   path        the cap itself and the caps above it: who falls under this one falls under all of them
--   pending     open reservations · spent: what was spent and still counts, `bucket_spent` of it in the newest bucket
-- Time is cut into buckets of a hundredth of the window. Spending is forgotten with its whole bucket, up to a
-- hundredth of the window late and never early. Older buckets lie in the two arrays, oldest first.
CREATE TABLE ledger_cap (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  code text NOT NULL UNIQUE,
  scope text NOT NULL,
  asset text,
  kind text NOT NULL CHECK (kind IN ('window', 'lifetime', 'transaction')),
  amount bigint NOT NULL CHECK (amount >= 0),
  window_ms bigint CHECK (window_ms BETWEEN 1000 AND 3162240000000),
  parent_id bigint REFERENCES ledger_cap (id),
  path bigint[] NOT NULL DEFAULT '{}',
  pending bigint NOT NULL DEFAULT 0 CHECK (pending >= 0),
  spent bigint NOT NULL DEFAULT 0 CHECK (spent >= 0),
  bucket bigint NOT NULL DEFAULT 0,
  bucket_spent bigint NOT NULL DEFAULT 0,
  past_bucket bigint[] NOT NULL DEFAULT '{}',
  past_spent bigint[] NOT NULL DEFAULT '{}',
  owner_id text,
  note text,
  created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  removed_at timestamptz(3),
  CHECK ((kind = 'window') = (window_ms IS NOT NULL))
) WITH (fillfactor = 50);
CREATE INDEX ledger_cap_scope ON ledger_cap (scope) WHERE removed_at IS NULL;
CREATE INDEX ledger_cap_owner ON ledger_cap (owner_id) WHERE owner_id IS NOT NULL;
CREATE TRIGGER ledger_cap_kept BEFORE DELETE OR TRUNCATE ON ledger_cap
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_cap_terms_fixed BEFORE UPDATE OF code, scope, asset, kind, window_ms, parent_id, owner_id, created_at ON ledger_cap
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();

-- Every cap as it was made, changed and removed.
CREATE TABLE ledger_cap_change (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  cap_id bigint NOT NULL REFERENCES ledger_cap (id),
  amount bigint,
  actor text NOT NULL,
  batch_id bigint NOT NULL,
  changed_at timestamptz(3) NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX ledger_cap_change_cap ON ledger_cap_change (cap_id, id);
CREATE INDEX ledger_cap_change_batch ON ledger_cap_change (batch_id);
CREATE TRIGGER ledger_cap_change_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_cap_change
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();

ALTER TABLE ledger_reservation
  -- What it costs in micro-dollars, for caps over all assets; null when the asset is the dollar.
  ADD COLUMN value bigint CHECK (value > 0),
  ADD COLUMN scopes text[] NOT NULL DEFAULT '{}',
  ADD COLUMN cap_ids bigint[] NOT NULL DEFAULT '{}',
  ADD COLUMN batch_id bigint,
  ADD COLUMN closed_batch_id bigint;
DROP TRIGGER ledger_reservation_terms_fixed ON ledger_reservation;
UPDATE ledger_reservation SET batch_id = currval('ledger_batch_seq'),
  closed_batch_id = CASE WHEN status <> 'open' THEN currval('ledger_batch_seq') END;
ALTER TABLE ledger_reservation ALTER COLUMN batch_id SET NOT NULL,
  ADD CONSTRAINT ledger_reservation_closed_in_batch CHECK ((status = 'open') = (closed_batch_id IS NULL));
CREATE TRIGGER ledger_reservation_terms_fixed
  BEFORE UPDATE OF id, key, account_id, amount, purpose, ref_id, expires_at, value, scopes, batch_id, created_at ON ledger_reservation
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE INDEX ledger_reservation_batch ON ledger_reservation USING brin (batch_id) WITH (pages_per_range = 16, autosummarize = on);
CREATE INDEX ledger_reservation_closed_batch ON ledger_reservation USING brin (closed_batch_id) WITH (pages_per_range = 16, autosummarize = on);

-- The bucket a moment falls into. Without a window everything is in one. Only stable, as `extract` is, or it is not inlined.
CREATE FUNCTION ledger_bucket(window_ms bigint, at timestamptz) RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT coalesce((extract(epoch FROM at) * 1000)::bigint / ((window_ms + 99) / 100), 0)
$$;

-- Turns caps to the current bucket: forgets what has left the window. A clock that went back turns nothing.
CREATE FUNCTION ledger_turn_caps(p_caps bigint[], p_now timestamptz) RETURNS void LANGUAGE sql AS $$
  UPDATE ledger_cap c SET bucket = turned.bucket, bucket_spent = 0, past_bucket = turned.past_bucket,
    past_spent = turned.past_spent, spent = turned.spent
  FROM (
    SELECT cap.id, ledger_bucket(cap.window_ms, p_now) AS bucket, coalesce(kept.buckets, '{}') AS past_bucket,
      coalesce(kept.amounts, '{}') AS past_spent, coalesce(kept.total, 0)::bigint AS spent
    FROM ledger_cap cap CROSS JOIN LATERAL (
      SELECT array_agg(p.bucket ORDER BY p.bucket) AS buckets, array_agg(p.amount ORDER BY p.bucket) AS amounts, sum(p.amount) AS total
      FROM unnest(cap.past_bucket || cap.bucket, cap.past_spent || cap.bucket_spent) AS p (bucket, amount)
      WHERE p.amount > 0 AND p.bucket >= ledger_bucket(cap.window_ms, p_now) - 100
    ) kept
    WHERE cap.id = ANY (p_caps) AND cap.kind = 'window' AND cap.bucket < ledger_bucket(cap.window_ms, p_now)
  ) turned
  WHERE c.id = turned.id AND c.id = ANY (p_caps)
$$;

-- When `p_amount` will fit under a cap if nothing more is spent; null when only a reservation's end or nothing makes room.
CREATE FUNCTION ledger_cap_room_at(p_cap bigint, p_amount bigint) RETURNS timestamptz LANGUAGE sql STABLE AS $$
  SELECT to_timestamp((min(p.bucket) + 101) * ((max(c.window_ms) + 99) / 100) / 1000.0)
  FROM ledger_cap c CROSS JOIN LATERAL (
    SELECT u.bucket, sum(u.amount) OVER (ORDER BY u.bucket) AS freed
    FROM unnest(c.past_bucket || c.bucket, c.past_spent || c.bucket_spent) AS u (bucket, amount)
  ) p
  WHERE c.id = p_cap AND c.kind = 'window' AND c.pending + c.spent - p.freed + p_amount <= c.amount
$$;

-- Making, changing and removing caps --------------------------------------------------------------------------------------------

-- Makes a cap and counts what its scope has spent inside the window already: everything that an account paid, and for other
-- scopes what reservations under it paid. Open reservations of the scope count as well, until they close.
CREATE FUNCTION ledger_create_cap(p_code text, p_scope text, p_asset text, p_kind text, p_amount bigint, p_window_ms bigint,
  p_parent text, p_owner text, p_note text, p_actor text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  batch CONSTANT bigint := nextval('ledger_batch_seq');
  parent ledger_cap;
  made ledger_cap;
  since timestamptz := CASE p_kind WHEN 'window' THEN clock_timestamp() - p_window_ms * interval '1 millisecond' ELSE '-infinity' END;
BEGIN
  INSERT INTO ledger_batch (id) VALUES (batch);
  IF p_parent IS NOT NULL THEN
    SELECT * INTO parent FROM ledger_cap WHERE code = p_parent AND removed_at IS NULL;
    IF NOT FOUND THEN RETURN NULL; END IF;
  END IF;
  INSERT INTO ledger_cap (code, scope, asset, kind, amount, window_ms, parent_id, owner_id, note)
    VALUES (p_code, p_scope, p_asset, p_kind, p_amount, p_window_ms, parent.id, p_owner, p_note) RETURNING * INTO made;
  UPDATE ledger_cap SET path = coalesce(parent.path, '{}') || made.id WHERE id = made.id;
  INSERT INTO ledger_cap_change (cap_id, amount, actor, batch_id) VALUES (made.id, p_amount, p_actor, batch);
  IF p_kind = 'transaction' THEN RETURN made.id; END IF;

  WITH account AS (
    SELECT id, asset FROM ledger_account WHERE code = p_scope OR root_id = (SELECT id FROM ledger_account WHERE code = p_scope)
  ), entry AS (
    SELECT t.created_at AS at, CASE WHEN p_asset IS NULL AND t.asset <> 'USD' THEN 0 ELSE t.amount END AS units
      FROM ledger_transfer t JOIN account ON account.id = t.debit_id
      WHERE t.reservation_id IS NULL AND t.created_at > since AND (p_asset IS NULL OR t.asset = p_asset)
    UNION ALL
    SELECT r.closed_at, ledger_cap_units(p_asset, r.captured, r.amount, r.value)
      FROM ledger_reservation r JOIN ledger_account a ON a.id = r.account_id
      WHERE r.captured > 0 AND r.closed_at > since AND (p_scope = ANY (r.scopes) OR r.account_id IN (SELECT id FROM account))
        AND (p_asset IS NULL OR a.asset = p_asset)
  ), bucketed AS (
    SELECT ledger_bucket(p_window_ms, at) AS bucket, sum(units)::bigint AS units FROM entry WHERE units > 0 GROUP BY 1
  )
  UPDATE ledger_cap SET spent = coalesce((SELECT sum(units) FROM bucketed), 0),
    past_bucket = coalesce((SELECT array_agg(bucket ORDER BY bucket) FROM bucketed), '{}'),
    past_spent = coalesce((SELECT array_agg(units ORDER BY bucket) FROM bucketed), '{}'),
    bucket = coalesce((SELECT max(bucket) + 1 FROM bucketed), 0)
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

-- Changes the amount of a cap, or removes it when the amount is null. What was spent under it stays.
CREATE FUNCTION ledger_change_cap(p_code text, p_amount bigint, p_actor text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  batch CONSTANT bigint := nextval('ledger_batch_seq');
  changed bigint;
BEGIN
  INSERT INTO ledger_batch (id) VALUES (batch);
  UPDATE ledger_cap SET amount = coalesce(p_amount, amount), removed_at = CASE WHEN p_amount IS NULL THEN clock_timestamp() END
    WHERE code = p_code AND removed_at IS NULL RETURNING id INTO changed;
  IF changed IS NULL THEN RETURN false; END IF;
  INSERT INTO ledger_cap_change (cap_id, amount, actor, batch_id) VALUES (changed, p_amount, p_actor, batch);
  RETURN true;
END $$;

-- The hash chain ------------------------------------------------------------------------------------------------------------------

-- One field of a row that is hashed: its length in bytes, a colon, its text; a minus when it is null. No two lists of fields
-- give the same text.
CREATE FUNCTION ledger_field(value text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN value IS NULL THEN '-' ELSE octet_length(value)::text || ':' || value END
$$;
CREATE FUNCTION ledger_field(value timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT ledger_field(((extract(epoch FROM value) * 1000)::bigint)::text)
$$;
CREATE FUNCTION ledger_field(value bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT ledger_field(value::text) $$;

-- The rows that batches wrote, as they are hashed: accounts (a), cap changes with the cap's terms (k), reservations as they were
-- opened (o) and as they were closed (c), transfers (t). docs/audit.md has the list for whoever checks it from outside.
CREATE FUNCTION ledger_batch_rows(p_first bigint, p_last bigint) RETURNS TABLE (batch_id bigint, tag text, row_id text, content text)
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
    FROM ledger_reservation r WHERE r.closed_batch_id BETWEEN p_first AND p_last
  UNION ALL
  SELECT t.batch_id, 't', lpad(t.id::text, 20, '0'), 't' || ledger_field(t.id) || ledger_field(t.key) || ledger_field(t.debit_id) || ledger_field(t.credit_id)
      || ledger_field(t.amount) || ledger_field(t.asset) || ledger_field(t.kind) || ledger_field(t.ref_id) || ledger_field(t.memo)
      || ledger_field(t.reservation_id) || ledger_field(t.created_at)
    FROM ledger_transfer t WHERE t.batch_id BETWEEN p_first AND p_last
$$;

CREATE FUNCTION ledger_batch_digests(p_batches bigint[]) RETURNS TABLE (id bigint, digest bytea) LANGUAGE sql STABLE AS $$
  SELECT b.id, sha256(convert_to('converge.ledger.batch.v1' || ledger_field(b.id) || ledger_field(b.posted_at) || coalesce(r.content, ''), 'UTF8'))
  FROM ledger_batch b
  LEFT JOIN (
    SELECT batch_id, string_agg(content, '' ORDER BY tag, row_id COLLATE "C") AS content
    FROM ledger_batch_rows((SELECT min(m) FROM unnest(p_batches) m), (SELECT max(m) FROM unnest(p_batches) m))
    WHERE batch_id = ANY (p_batches) GROUP BY batch_id
  ) r ON r.batch_id = b.id
  WHERE b.id = ANY (p_batches)
$$;

CREATE FUNCTION ledger_link_hash(p_before bytea, p_link bigint, p_batch bigint, p_digest bytea) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
  SELECT sha256(convert_to('converge.ledger.link.v1', 'UTF8') || p_before || int8send(p_link) || int8send(p_batch) || p_digest)
$$;

-- Seals batches of which it is decided that nothing older can still appear: each becomes the next link of the chain. Answers
-- how many; 0 also when another process is at it.
CREATE FUNCTION ledger_seal(p_limit int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  v_last ledger_batch;
  v_batches bigint[];
  v_digests bytea[];
  v_hashes bytea[] := '{}';
  v_hash bytea;
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtext('ledger_seal')) THEN RETURN 0; END IF;
  SELECT * INTO v_last FROM ledger_batch WHERE link IS NOT NULL ORDER BY link DESC LIMIT 1;
  v_batches := ARRAY(SELECT id FROM ledger_batch WHERE link IS NULL AND xid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY id LIMIT p_limit);
  IF v_batches = '{}' THEN RETURN 0; END IF;
  SELECT array_agg(d.digest ORDER BY d.id) INTO v_digests FROM ledger_batch_digests(v_batches) d;
  v_hash := coalesce(v_last.hash, decode(repeat('00', 32), 'hex'));
  FOR n IN 1 .. cardinality(v_batches) LOOP
    v_hash := ledger_link_hash(v_hash, coalesce(v_last.link, 0) + n, v_batches[n], v_digests[n]);
    v_hashes := array_append(v_hashes, v_hash);
  END LOOP;
  UPDATE ledger_batch b SET link = coalesce(v_last.link, 0) + s.n, digest = s.digest, hash = s.hash
    FROM unnest(v_batches, v_digests, v_hashes) WITH ORDINALITY AS s (id, digest, hash, n) WHERE b.id = s.id;
  RETURN cardinality(v_batches);
END $$;

-- Hashes a stretch of the chain again and answers the links that do not come out as they were sealed.
CREATE FUNCTION ledger_check_links(p_first bigint, p_last bigint) RETURNS TABLE (link bigint, batch_id bigint, problem text) LANGUAGE sql STABLE AS $$
  WITH sealed AS (
    SELECT b.link, b.id, b.digest, b.hash, lag(b.hash) OVER (ORDER BY b.link) AS before, lag(b.link) OVER (ORDER BY b.link) AS link_before
    FROM ledger_batch b WHERE b.link BETWEEN p_first - 1 AND p_last
  ), now AS (
    SELECT d.id, d.digest FROM ledger_batch_digests(ARRAY(SELECT s.id FROM sealed s)) d
  )
  SELECT s.link, s.id, CASE
      WHEN s.link <> coalesce(s.link_before, 0) + 1 THEN 'a link before it is missing'
      WHEN s.digest <> n.digest THEN 'its rows are not those that were sealed'
      ELSE 'it does not continue the link before it' END
  FROM sealed s JOIN now n ON n.id = s.id
  WHERE s.link >= p_first AND (s.link <> coalesce(s.link_before, 0) + 1 OR s.digest <> n.digest
    OR s.hash <> ledger_link_hash(coalesce(s.before, decode(repeat('00', 32), 'hex')), s.link, s.id, s.digest))
$$;

-- Posting -----------------------------------------------------------------------------------------------------------------

DROP FUNCTION ledger_post(text[], text[], text[], text[], bigint[], text[], text[], text[], text[], text[], timestamptz[], text[], int[], int[]);
DROP FUNCTION ledger_apply_item(ledger_item, ledger_item[], bigint);
DROP TYPE ledger_item;

-- One operation of a batch, or one part of a capture.
--   op           1 transfer · 2 reserve · 3 capture · 4 part · 5 release
--   account      transfer: pays · reserve: holds back · capture, release: the owner expected, or null
--   value        transfer, reserve: what it costs in micro-dollars; null when the asset is the dollar
--   reservation  reserve: the new id · capture, part, release: which one
--   kind         transfer, part: kind · reserve: purpose · release: released | expired
--   parent       part: the position of its capture
--   unit         rows of one unit succeed together or not at all; units are numbered upwards
--   scopes       transfer, reserve: what it falls under besides the account that pays
CREATE TYPE ledger_item AS (
  n int, op int, key text, account text, credit text, amount bigint, value bigint, asset text, kind text, ref_id text, memo text,
  reservation text, expires_at timestamptz, hash text, parent int, unit int, scopes text[]
);

-- The shard of an account that a batch uses.
CREATE FUNCTION ledger_shard(id bigint, shard_ids bigint[], batch bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN shard_ids IS NULL THEN id ELSE shard_ids[1 + batch % cardinality(shard_ids)] END
$$;

-- The account that a shard belongs to.
CREATE FUNCTION ledger_root(id bigint) RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT coalesce(a.root_id, a.id) FROM ledger_account a WHERE a.id = $1
$$;

-- Makes room in one shard from its siblings. All of them are locked. Answers whether there is enough now.
CREATE FUNCTION ledger_gather(shard bigint, needed bigint, batch bigint, p_now timestamptz) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  target ledger_account;
  sibling ledger_account;
  missing bigint;
  moved bigint;
BEGIN
  SELECT * INTO target FROM ledger_account WHERE id = shard;
  missing := needed - (target.credits_posted - target.debits_posted - target.debits_pending);
  FOR sibling IN
    SELECT * FROM ledger_account
    WHERE (root_id = coalesce(target.root_id, target.id) OR id = target.root_id) AND id <> target.id
      AND credits_posted - debits_posted - debits_pending > 0
    ORDER BY credits_posted - debits_posted - debits_pending DESC
  LOOP
    EXIT WHEN missing <= 0;
    -- More than is missing, so that the shard has something for the batches to come.
    moved := sibling.credits_posted - sibling.debits_posted - sibling.debits_pending;
    moved := least(moved, greatest(missing, moved / 2));
    WITH made AS (
      INSERT INTO ledger_transfer (id, key, debit_id, credit_id, amount, asset, kind, batch_id, created_at)
        SELECT t.id, 'shard:' || t.id, sibling.id, target.id, moved, target.asset, 'shard', batch, p_now
        FROM (SELECT nextval('ledger_transfer_id_seq') AS id) t RETURNING id, key
    )
    INSERT INTO ledger_key SELECT key, id FROM made;
    UPDATE ledger_account SET debits_posted = debits_posted + moved WHERE id = sibling.id;
    UPDATE ledger_account SET credits_posted = credits_posted + moved WHERE id = target.id;
    missing := missing - moved;
  END LOOP;
  RETURN missing <= 0;
END $$;

-- Takes one spending from every cap it falls under, or answers which cap refuses it. The caps are locked and turned.
CREATE FUNCTION ledger_take_caps(p_caps bigint[], p_asset text, p_amount bigint, p_value bigint, is_reservation boolean)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  cap ledger_cap;
  units bigint;
  room bigint;
BEGIN
  FOR cap IN SELECT * FROM ledger_cap WHERE id = ANY (p_caps) ORDER BY id FOR NO KEY UPDATE LOOP
    units := CASE WHEN cap.asset IS NULL THEN p_value ELSE p_amount END;
    IF units IS NULL THEN RETURN jsonb_build_object('code', 'CAP_VALUE_UNKNOWN', 'cap', cap.code, 'scope', cap.scope); END IF;
    room := CASE cap.kind WHEN 'transaction' THEN cap.amount ELSE greatest(cap.amount - cap.pending - cap.spent, 0) END;
    IF units > room THEN
      RETURN jsonb_build_object('code', 'CAP_EXCEEDED', 'cap', cap.code, 'scope', cap.scope, 'kind', cap.kind,
        'windowMs', cap.window_ms, 'limit', cap.amount::text, 'left', room::text, 'asked', units::text, 'asset', cap.asset,
        'roomAt', ledger_cap_room_at(cap.id, units));
    END IF;
  END LOOP;
  UPDATE ledger_cap c SET
    pending = pending + CASE WHEN is_reservation THEN taken.units ELSE 0 END,
    spent = spent + CASE WHEN is_reservation THEN 0 ELSE taken.units END,
    bucket_spent = bucket_spent + CASE WHEN is_reservation THEN 0 ELSE taken.units END
  FROM (SELECT id, CASE WHEN asset IS NULL THEN p_value ELSE p_amount END AS units FROM ledger_cap WHERE id = ANY (p_caps)) taken
  WHERE c.id = taken.id AND c.id = ANY (p_caps) AND c.kind <> 'transaction';
  RETURN NULL;
END $$;

-- The caps that one spending falls under: those of its scopes, those above them, less those of another asset.
CREATE FUNCTION ledger_caps_of(p_scopes text[], p_asset text) RETURNS bigint[] LANGUAGE sql STABLE AS $$
  SELECT coalesce(array_agg(id ORDER BY id), '{}') FROM ledger_cap
  WHERE id = ANY (ARRAY(SELECT unnest(path) FROM ledger_cap WHERE scope = ANY (p_scopes) AND removed_at IS NULL))
    AND removed_at IS NULL AND (asset IS NULL OR asset = p_asset)
$$;

-- What a part of a reservation's amount is worth to a cap: all of it for a cap of the asset, its share of the value
-- for a cap over all assets, rounded up.
CREATE FUNCTION ledger_cap_units(cap_asset text, part bigint, amount bigint, value bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN cap_asset IS NOT NULL OR value IS NULL THEN part
    ELSE div(part::numeric * value + amount - 1, amount)::bigint END
$$;

-- Applies one operation by itself and answers its status. Accounts and caps are locked already.
CREATE FUNCTION ledger_apply_item(item ledger_item, parts ledger_item[], batch bigint, p_now timestamptz,
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
      closed_batch_id = batch
      WHERE id = held.id;
    UPDATE ledger_account SET debits_pending = debits_pending - held.amount, debits_posted = debits_posted + total
      WHERE id = payer.id;
    FOREACH part IN ARRAY parts LOOP
      SELECT ledger_shard(id, shard_ids, batch) AS id INTO payee.id FROM ledger_account WHERE code = part.credit;
      UPDATE ledger_account SET credits_posted = credits_posted + part.amount WHERE id = payee.id;
      INSERT INTO ledger_transfer (debit_id, credit_id, amount, asset, kind, ref_id, memo, reservation_id, batch_id, created_at)
        VALUES (payer.id, payee.id, part.amount, payer.asset, part.kind, part.ref_id, part.memo, held.id, batch, p_now);
    END LOOP;
    UPDATE ledger_cap c SET pending = pending - ledger_cap_units(asset, held.amount, held.amount, held.value),
      spent = spent + ledger_cap_units(asset, total::bigint, held.amount, held.value),
      bucket_spent = bucket_spent + ledger_cap_units(asset, total::bigint, held.amount, held.value)
      WHERE c.id = ANY (held.cap_ids) AND kind <> 'transaction';
    status := 'ok';
    result_id := held.id;
  END IF;
END $$;

-- Applies a batch in order. When all of it was applied anew, `posted` lists the ids of its transfers (parts of captures have
-- none to tell), in order, and `results` is null. Otherwise `results` has one object for every operation: `n`; `status`,
-- 'ok' or the code of the error that the operation met alone; `id`, `replayed`, and what a refusal says besides in
-- `detail`. Nothing is raised for those, so that a caller's transaction stays usable.
--
-- The accounts are locked in id order by one statement, the caps after them in the same way; what is read is therefore
-- current and no two batches can wait for each other. Nearly always every account can pay the sum of everything asked of
-- it and every cap has room for it, and then order cannot matter: the batch is applied set by set, each account and cap
-- touched once. When that is not so, or a key was seen before, all of that is rolled back and the same batch is applied
-- one operation after the other.
--
-- Two choices are for two batches at once. Who has waited for a row has Postgres look at the condition again for each
-- row changed meanwhile, so the lock is by a list of ids, not by codes. And the locks are taken in the subtransaction
-- that writes: a row locked by one and written by another carries a lock shared by both, which costs to make and read.
--
--   p_codes     the codes of all accounts, each once, the `p_payers` ones that transfers and reservations take from first;
--               `account` and `credit` are positions in it
--   p_assets    the codes of all assets there are · p_kinds   the kinds in this batch; likewise
--   p_scope     the scopes of operations besides their accounts, `p_scope_item` whose
-- A column without values may be shorter than the others.
CREATE FUNCTION ledger_post(
  p_codes text[], p_payers int, p_assets text[], p_kinds text[],
  p_op int[], p_key text[], p_account int[], p_credit int[], p_amount bigint[], p_value bigint[], p_asset int[], p_kind int[],
  p_ref_id text[], p_memo text[], p_reservation text[], p_expires_at timestamptz[], p_hash text[], p_parent int[], p_unit int[],
  p_scope_item int[], p_scope text[],
  OUT posted text, OUT results jsonb
) LANGUAGE plpgsql
-- Plans are made when tables are small and kept while they grow: only a plan by index is right on both days. For the
-- same reason rows are looked up by LATERAL … OFFSET 0 and by `= ANY`, which leave no other plan: joined plainly to a
-- table that was empty when it was last analysed, a capture read every reservation there ever was. And how long an array is
-- no plan knows: two of them are joined by hashing, never each with each.
SET enable_seqscan = off
SET enable_nestloop = off
AS $$
DECLARE
  v_rows CONSTANT int := cardinality(p_op);
  v_transfers CONSTANT int := cardinality(array_positions(p_op, 1));
  v_reserves CONSTANT int := cardinality(array_positions(p_op, 2));
  v_parts CONSTANT int := cardinality(array_positions(p_op, 4));
  v_closings CONSTANT int := v_rows - v_transfers - v_reserves - v_parts;
  v_batch CONSTANT bigint := nextval('ledger_batch_seq');
  v_now timestamptz(3);
  v_accounts bigint[];
  v_ids bigint[];
  v_roots bigint[];
  v_available bigint[];
  v_overdraws boolean[];
  v_assets int[];
  v_caps bigint[] := '{}';
  v_cap_item int[] := '{}';
  v_cap_id bigint[] := '{}';
  v_cap_units bigint[] := '{}';
  v_is_plain boolean;
  v_turns boolean;
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
  -- Ids, owners and scopes never change, so they may be read before anything is locked. All shards of an account belong to
  -- the list, because the slow path may take from any.
  SELECT array_agg(ledger_shard(a.id, a.shard_ids, v_batch) ORDER BY c.n), array_agg(a.id ORDER BY c.n)
    INTO v_ids, v_roots
  FROM unnest(p_codes) WITH ORDINALITY AS c (code, n)
  LEFT JOIN LATERAL (SELECT id, shard_ids FROM ledger_account WHERE code = c.code AND root_id IS NULL OFFSET 0) a ON true;
  v_accounts := v_ids;
  IF v_closings > 0 THEN
    v_accounts := v_accounts || ARRAY(SELECT account_id FROM ledger_reservation WHERE id = ANY (p_reservation));
    v_caps := ARRAY(SELECT unnest(cap_ids) FROM ledger_reservation WHERE id = ANY (p_reservation));
  END IF;
  IF v_transfers + v_reserves > 0 THEN
    v_caps := v_caps || ARRAY(SELECT unnest(path) FROM ledger_cap WHERE scope = ANY (p_codes[:p_payers] || p_scope) AND removed_at IS NULL);
  END IF;

  BEGIN
    WITH locked AS MATERIALIZED (
      SELECT id, asset, may_overdraw, credits_posted - debits_posted - debits_pending AS available
      FROM ledger_account WHERE id = ANY (v_accounts) ORDER BY id FOR NO KEY UPDATE
    )
    SELECT array_agg(l.available ORDER BY c.n), array_agg(l.may_overdraw ORDER BY c.n), array_agg(array_position(p_assets, l.asset) ORDER BY c.n)
      INTO v_available, v_overdraws, v_assets
    FROM unnest(v_ids) WITH ORDINALITY AS c (id, n) LEFT JOIN locked l ON l.id = c.id;
    IF array_position(v_ids, NULL) IS NOT NULL THEN RAISE EXCEPTION USING ERRCODE = 'LG001'; END IF;

    -- Before the caps are locked: a cap that meanwhile was turned further than to this time forgets later, never earlier.
    v_now := date_trunc('milliseconds', clock_timestamp());
    IF v_caps <> '{}' THEN
      SELECT bool_or(c.kind = 'window' AND c.bucket < ledger_bucket(c.window_ms, v_now)) INTO v_turns
      FROM (SELECT kind, bucket, window_ms FROM ledger_cap WHERE id = ANY (v_caps) ORDER BY id FOR NO KEY UPDATE) c;
      IF v_turns THEN PERFORM ledger_turn_caps(v_caps, v_now); END IF;
    END IF;

    SELECT bool_and(asked.is_valid AND (v_overdraws[asked.account] OR asked.total <= v_available[asked.account]) IS NOT FALSE) INTO v_is_plain
    FROM (
      SELECT i.account, sum(i.amount) FILTER (WHERE i.op < 3) AS total, bool_and(coalesce(CASE
        WHEN i.op = 1 THEN i.amount > 0 AND v_roots[i.account] <> v_roots[i.credit]
          AND v_assets[i.account] = i.asset AND v_assets[i.credit] = i.asset
        WHEN i.op = 2 THEN i.amount > 0 AND v_assets[i.account] = i.asset
        WHEN i.op = 4 THEN i.amount > 0
        ELSE true
      END, false)) AS is_valid
      FROM unnest(p_op, p_account, p_credit, p_amount, p_asset) AS i (op, account, credit, amount, asset) GROUP BY i.account
    ) asked;
    IF v_is_plain AND v_caps <> '{}' AND v_transfers + v_reserves > 0 THEN
      WITH cap AS MATERIALIZED (
        SELECT id, scope, asset, kind, amount, pending + spent AS used, path
        FROM ledger_cap WHERE id = ANY (v_caps) AND removed_at IS NULL
      ), scope AS (
        SELECT u.n, c.code AS scope FROM unnest(p_op, p_account) WITH ORDINALITY AS u (op, account, n)
          JOIN unnest(p_codes[:p_payers]) WITH ORDINALITY AS c (code, n) ON c.n = u.account WHERE u.op < 3
        UNION ALL SELECT * FROM unnest(p_scope_item, p_scope)
      ), taken AS (
        SELECT DISTINCT scope.n, unnest(cap.path) AS cap_id FROM scope JOIN cap ON cap.scope = scope.scope
      ), asked AS MATERIALIZED (
        SELECT taken.n, taken.cap_id, cap.kind, cap.amount, cap.used,
          CASE WHEN cap.asset IS NOT NULL OR p_assets[i.asset] = 'USD' THEN i.amount ELSE i.value END AS units
        FROM taken
        JOIN unnest(p_amount, p_asset, p_value) WITH ORDINALITY AS i (amount, asset, value, n) ON i.n = taken.n
        JOIN cap ON cap.id = taken.cap_id
        WHERE cap.asset IS NULL OR cap.asset = p_assets[i.asset]
      )
      SELECT array_agg(n), array_agg(cap_id), array_agg(units), NOT EXISTS (
        SELECT FROM asked GROUP BY cap_id HAVING bool_or(units IS NULL) OR CASE min(kind)
          WHEN 'transaction' THEN max(units) > min(amount) ELSE min(used) + sum(units) > min(amount) END
      ) INTO v_cap_item, v_cap_id, v_cap_units, v_is_plain FROM asked;
    END IF;
    IF NOT v_is_plain THEN RAISE EXCEPTION USING ERRCODE = 'LG001'; END IF;

    IF v_reserves > 0 THEN
      INSERT INTO ledger_reservation (id, key, account_id, amount, value, purpose, ref_id, scopes, cap_ids, expires_at, batch_id, created_at)
        SELECT i.reservation, i.key, v_ids[i.account], i.amount, i.value, p_kinds[i.kind], i.ref_id,
          coalesce(s.scopes, '{}'), coalesce(t.caps, '{}'), i.expires_at, v_batch, v_now
        FROM unnest(p_op, p_reservation, p_key, p_account, p_amount, p_value, p_kind, p_ref_id, p_expires_at) WITH ORDINALITY
          AS i (op, reservation, key, account, amount, value, kind, ref_id, expires_at, n)
        LEFT JOIN (SELECT u.item, array_agg(u.scope ORDER BY u.n) AS scopes
          FROM unnest(p_scope_item, p_scope) WITH ORDINALITY AS u (item, scope, n) GROUP BY u.item) s ON s.item = i.n
        LEFT JOIN (SELECT u.item, array_agg(u.cap_id ORDER BY u.cap_id) AS caps
          FROM unnest(v_cap_item, v_cap_id) AS u (item, cap_id) GROUP BY u.item) t ON t.item = i.n
        WHERE i.op = 2;
    END IF;

    IF v_closings > 0 THEN
      UPDATE ledger_reservation r SET status = c.status, captured = c.total, released = r.amount - c.total,
        closed_key = c.key, closed_hash = c.hash, closed_at = v_now, closed_batch_id = v_batch
      FROM (
        SELECT i.reservation, max(i.key) AS key, max(i.hash) AS hash, max(v_roots[i.account]) AS account_id,
          max(CASE i.op WHEN 3 THEN 'captured' WHEN 5 THEN p_kinds[i.kind] END) AS status,
          coalesce(sum(i.amount) FILTER (WHERE i.op = 4), 0) AS total
        FROM unnest(p_op, p_reservation, p_key, p_hash, p_account, p_kind, p_amount)
          AS i (op, reservation, key, hash, account, kind, amount)
        WHERE i.op > 2 GROUP BY i.reservation
        -- Which of several closings of one reservation counts is decided one by one.
        HAVING count(*) FILTER (WHERE i.op <> 4) = 1
      ) c
      -- Still open, in words that fit no index but the primary key's.
      WHERE r.id = c.reservation AND r.id = ANY (p_reservation) AND r.captured + r.released = 0 AND c.total <= r.amount
        AND (c.account_id IS NULL OR c.account_id = r.account_id OR c.account_id = ledger_root(r.account_id));
      GET DIAGNOSTICS v_count = ROW_COUNT;
      IF v_count <> v_closings THEN RAISE EXCEPTION USING ERRCODE = 'LG001'; END IF;
    END IF;

    IF v_parts > 0 THEN
      INSERT INTO ledger_transfer (debit_id, credit_id, amount, asset, kind, ref_id, memo, reservation_id, batch_id, created_at)
        SELECT r.account_id, v_ids[i.credit], i.amount, payer.asset, p_kinds[i.kind], i.ref_id, i.memo, r.id, v_batch, v_now
        FROM unnest(p_op, p_reservation, p_credit, p_amount, p_kind, p_ref_id, p_memo) WITH ORDINALITY
          AS i (op, reservation, credit, amount, kind, ref_id, memo, n)
        CROSS JOIN LATERAL (SELECT id, account_id FROM ledger_reservation WHERE id = i.reservation OFFSET 0) r
        CROSS JOIN LATERAL (SELECT coalesce(root_id, id) AS root_id, asset FROM ledger_account WHERE id = r.account_id OFFSET 0) payer
        WHERE i.op = 4 AND payer.root_id <> v_roots[i.credit] AND payer.asset = p_assets[v_assets[i.credit]] ORDER BY i.n;
      GET DIAGNOSTICS v_count = ROW_COUNT;
      IF v_count <> v_parts THEN RAISE EXCEPTION USING ERRCODE = 'LG001'; END IF;
    END IF;

    IF v_transfers > 0 THEN
      WITH inserted AS (
        INSERT INTO ledger_transfer (key, debit_id, credit_id, amount, asset, kind, ref_id, memo, batch_id, created_at)
          SELECT i.key, v_ids[i.account], v_ids[i.credit], i.amount, p_assets[i.asset], p_kinds[i.kind], i.ref_id, i.memo, v_batch, v_now
          FROM unnest(p_op, p_key, p_account, p_credit, p_amount, p_asset, p_kind, p_ref_id, p_memo)
            AS i (op, key, account, credit, amount, asset, kind, ref_id, memo)
          WHERE i.op = 1
          RETURNING id, key
      ), keyed AS (
        INSERT INTO ledger_key SELECT key, id FROM inserted
      )
      -- Ids were drawn in the order of the batch, so the k-th transfer has the k-th id.
      SELECT string_agg(id::text, ',' ORDER BY id) INTO posted FROM inserted;
    END IF;

    WITH batch AS (INSERT INTO ledger_batch (id) VALUES (v_batch))
    UPDATE ledger_account a SET debits_posted = debits_posted + net.debit, credits_posted = credits_posted + net.credit,
      debits_pending = debits_pending + net.pending
    FROM (
      SELECT change.account_id, sum(change.debit)::bigint AS debit, sum(change.credit)::bigint AS credit, sum(change.pending)::bigint AS pending
      FROM (
        SELECT v_ids[i.account] AS account_id, i.amount AS debit, 0::bigint AS credit, 0::bigint AS pending
          FROM unnest(p_op, p_account, p_amount) AS i (op, account, amount) WHERE i.op = 1
        UNION ALL SELECT v_ids[i.credit], 0, i.amount, 0 FROM unnest(p_credit, p_amount) AS i (credit, amount) WHERE i.credit IS NOT NULL
        UNION ALL SELECT v_ids[i.account], 0, 0, i.amount FROM unnest(p_op, p_account, p_amount) AS i (op, account, amount)
          WHERE i.op = 2 AND v_reserves > 0
        UNION ALL SELECT r.account_id, r.captured, 0, -r.amount FROM unnest(p_op, p_reservation) AS i (op, reservation)
          CROSS JOIN LATERAL (SELECT account_id, amount, captured FROM ledger_reservation WHERE id = i.reservation OFFSET 0) r
          WHERE i.op IN (3, 5) AND v_closings > 0
      ) change GROUP BY change.account_id
    ) net WHERE a.id = net.account_id AND a.id = ANY (v_accounts);

    IF v_caps <> '{}' THEN
      UPDATE ledger_cap c SET pending = c.pending + net.pending, spent = c.spent + net.spent, bucket_spent = c.bucket_spent + net.spent
      FROM (
        SELECT change.cap_id, sum(change.pending)::bigint AS pending, sum(change.spent)::bigint AS spent
        FROM (
          SELECT t.cap_id, CASE p_op[t.item] WHEN 2 THEN t.units ELSE 0 END AS pending, CASE p_op[t.item] WHEN 1 THEN t.units ELSE 0 END AS spent
            FROM unnest(v_cap_item, v_cap_id, v_cap_units) AS t (item, cap_id, units)
          UNION ALL
          SELECT cap.id, -ledger_cap_units(cap.asset, r.amount, r.amount, r.value), ledger_cap_units(cap.asset, r.captured, r.amount, r.value)
            FROM unnest(p_op, p_reservation) AS i (op, reservation)
            CROSS JOIN LATERAL (SELECT amount, value, captured, cap_ids FROM ledger_reservation WHERE id = i.reservation OFFSET 0) r
            CROSS JOIN LATERAL (SELECT id, asset FROM ledger_cap WHERE id = ANY (r.cap_ids) OFFSET 0) cap
            WHERE i.op IN (3, 5) AND v_closings > 0
        ) change GROUP BY change.cap_id
      ) net WHERE c.id = net.cap_id AND c.id = ANY (v_caps) AND c.kind <> 'transaction';
    END IF;
    RETURN;
  -- Too little money or room for some order, an account that is not there, a key seen before, a reservation that cannot be
  -- closed like this, a part between unequal assets, or a counter that would leave 64 bits: whose fault it is shows one by one.
  EXCEPTION WHEN SQLSTATE 'LG001' OR unique_violation OR numeric_value_out_of_range THEN
    NULL;
  END;

  INSERT INTO ledger_batch (id) VALUES (v_batch);
  -- The shards of an account in shards may all be needed, so all are locked; a lock for the caps as before.
  PERFORM FROM ledger_account WHERE id = ANY (v_accounts || ARRAY(
      SELECT unnest(shard_ids) FROM ledger_account WHERE id = ANY (v_roots) AND shard_ids IS NOT NULL
    )) ORDER BY id FOR NO KEY UPDATE;
  PERFORM FROM ledger_cap WHERE id = ANY (v_caps) ORDER BY id FOR NO KEY UPDATE;
  v_now := date_trunc('milliseconds', clock_timestamp());
  PERFORM ledger_turn_caps(v_caps, v_now);

  SELECT array_agg((i.n, i.op, i.key, p_codes[i.account], p_codes[i.credit], i.amount, i.value, p_assets[i.asset], p_kinds[i.kind],
    i.ref_id, i.memo, i.reservation, i.expires_at, i.hash, i.parent, i.unit,
    ARRAY(SELECT s.scope FROM unnest(p_scope_item, p_scope) AS s (item, scope) WHERE s.item = i.n))::ledger_item ORDER BY i.n) INTO v_items
  FROM unnest(p_op, p_key, p_account, p_credit, p_amount, p_value, p_asset, p_kind, p_ref_id, p_memo, p_reservation, p_expires_at,
    p_hash, p_parent, p_unit) WITH ORDINALITY
    AS i (op, key, account, credit, amount, value, asset, kind, ref_id, memo, reservation, expires_at, hash, parent, unit, n);
  posted := NULL;
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

  SELECT jsonb_agg(jsonb_build_object('n', i.n, 'status', v_status[i.n], 'id', v_result[i.n], 'replayed', v_replayed[i.n],
    'detail', v_detail[i.n]) ORDER BY i.n) INTO results FROM unnest(v_items) i WHERE i.op <> 4;
END $$;
