-- The envelope's size is checked once an append or an import, which nobody comes past: the table's seventeen constraints cost an append
-- a seventh of its time, because PostgreSQL reads each of them anew for every INSERT.

-- The database's encoding is that of the leaf, so a text is as long as its hashed bytes.
CREATE OR REPLACE FUNCTION ledger.measured_text(part text) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT coalesce('\x01'::bytea || int4send(octet_length(part)) || convert_to(part, 'UTF8'), '\x00'::bytea) $$;

-- Who, by which way and under which key: none of it empty, and all of it together of a bounded size.
CREATE FUNCTION ledger.command_fits(subject text, role text, institution text, region text, correlation text, key text, channel text,
  command bytea) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT octet_length(command) <= 2400 AND octet_length(key) <= 200
    AND NOT '' = ANY (ARRAY[subject, role, institution, region, correlation, key, channel]) $$;

CREATE FUNCTION ledger.fact_fits(version bigint, topic text, value_date date, scopes text[]) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT version > 0 AND octet_length(topic) BETWEEN 1 AND 100 AND value_date BETWEEN '0001-01-01' AND '9999-12-31'
    AND cardinality(scopes) <= 16 $$;

REVOKE ALL ON FUNCTION ledger.command_fits, ledger.fact_fits FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.command_fits, ledger.fact_fits TO loan_ledger_writer;

CREATE OR REPLACE FUNCTION ledger.append_events(
  p_ids uuid[], p_versions bigint[], p_topics text[], p_states bytea[], p_value_dates date[], p_scopes text[],
  p_subject text, p_role text, p_institution text, p_region text, p_authority text, p_correlation text, p_causation text,
  p_key text, p_digest bytea, p_credential text, p_channel text, p_signature bytea,
  p_slot_moves text[] DEFAULT '{}', p_slot_guards text[] DEFAULT '{}', p_slot_keys text[] DEFAULT '{}', p_slot_holders text[] DEFAULT '{}', p_slot_limits int[] DEFAULT '{}',
  p_total_guards text[] DEFAULT '{}', p_total_keys text[] DEFAULT '{}', p_total_used bigint[] DEFAULT '{}', p_total_capacity bigint[] DEFAULT '{}', p_total_binding boolean[] DEFAULT '{}',
  OUT first_position bigint, OUT recorded_at timestamptz, OUT leaves bytea[]
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '5s' AS $$
DECLARE
  n int := cardinality(p_ids);
  slots int := coalesce(cardinality(p_slot_guards), 0);
  totals int := coalesce(cardinality(p_total_guards), 0);
  command bytea;
  known record;
  took int;
  concerned text[];
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'append_events needs READ COMMITTED' USING ERRCODE = 'LG009';
  END IF;
  IF coalesce(n, 0) = 0 OR n IS DISTINCT FROM cardinality(p_versions) OR n IS DISTINCT FROM cardinality(p_topics)
     OR n IS DISTINCT FROM cardinality(p_states) OR n IS DISTINCT FROM cardinality(p_value_dates) OR n IS DISTINCT FROM cardinality(p_scopes)
     OR (coalesce(cardinality(p_slot_moves), 0), coalesce(cardinality(p_slot_keys), 0), coalesce(cardinality(p_slot_holders), 0), coalesce(cardinality(p_slot_limits), 0))
       IS DISTINCT FROM (slots, slots, slots, slots)
     OR (coalesce(cardinality(p_total_keys), 0), coalesce(cardinality(p_total_used), 0), coalesce(cardinality(p_total_capacity), 0), coalesce(cardinality(p_total_binding), 0))
       IS DISTINCT FROM (totals, totals, totals, totals)
     OR (slots > 0 AND (array_position(p_slot_moves, NULL) IS NOT NULL OR array_position(p_slot_limits, NULL) IS NOT NULL
       OR array_position(p_slot_holders, NULL) IS NOT NULL))
     OR (totals > 0 AND array_position(p_total_binding, NULL) IS NOT NULL) THEN
    RAISE EXCEPTION 'the arrays of an append must have one entry for each fact, each slot and each total' USING ERRCODE = 'LG008';
  END IF;

  command := ledger.command_part(p_subject, p_role, p_institution, p_region, p_authority, p_correlation, p_causation, p_key,
    p_credential, p_channel, p_signature);
  concerned := string_to_array(p_scopes[1], E'\x1f');
  IF NOT ledger.command_fits(p_subject, p_role, p_institution, p_region, p_correlation, p_key, p_channel, command)
     OR NOT ledger.fact_fits(p_versions[1], p_topics[1], p_value_dates[1], concerned) THEN
    RAISE EXCEPTION 'the envelope does not fit' USING ERRCODE = 'LG011';
  END IF;

  LOCK TABLE ledger.stored_events IN EXCLUSIVE MODE;

  UPDATE ledger.log_head h SET position = h.position + n, recorded_at = greatest(h.recorded_at, clock_timestamp())
    RETURNING h.position - n + 1, h.recorded_at INTO STRICT first_position, recorded_at;
  INSERT INTO ledger.command_outcome VALUES (p_key, p_digest, first_position, n, recorded_at) ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN
    SELECT o.request_digest = p_digest AS same, o.first_position AS at INTO STRICT known
      FROM ledger.command_outcome o WHERE o.idempotency_key = p_key;
    IF known.same THEN RAISE EXCEPTION 'already recorded at %', known.at USING ERRCODE = 'LG010'; END IF;
    RAISE EXCEPTION 'the idempotency key was used for another request' USING ERRCODE = 'LG001';
  END IF;

  FOR j IN 1 .. totals LOOP
    INSERT INTO ledger.guard_total AS g VALUES (p_total_guards[j], p_total_keys[j], p_total_used[j], p_total_capacity[j])
      ON CONFLICT (guard, key) DO UPDATE SET used = g.used + excluded.used, capacity = g.capacity + excluded.capacity
      RETURNING g.used, g.capacity INTO known;
    IF p_total_binding[j] AND known.used > known.capacity THEN
      RAISE EXCEPTION '%', p_total_guards[j] USING ERRCODE = 'LG002', DETAIL = p_total_keys[j];
    END IF;
  END LOOP;

  FOR j IN 1 .. slots LOOP
    IF p_slot_moves[j] = 'free' THEN
      DELETE FROM ledger.guard_slot g WHERE g.guard = p_slot_guards[j] AND g.key = p_slot_keys[j] AND g.holder = p_slot_holders[j];
      CONTINUE;
    END IF;
    IF p_slot_moves[j] = 'record' OR p_slot_limits[j] > 0 THEN  -- mostly nobody holds the first place
      INSERT INTO ledger.guard_slot VALUES (p_slot_guards[j], p_slot_keys[j], 1, p_slot_holders[j]) ON CONFLICT DO NOTHING;
      IF FOUND THEN CONTINUE; END IF;
    END IF;
    SELECT min(s) INTO took FROM generate_series(1, 1 + (SELECT count(*)::int FROM ledger.guard_slot g
      WHERE g.guard = p_slot_guards[j] AND g.key = p_slot_keys[j])) s
      WHERE NOT EXISTS (SELECT FROM ledger.guard_slot g WHERE g.guard = p_slot_guards[j] AND g.key = p_slot_keys[j] AND g.slot = s);
    IF p_slot_moves[j] = 'take' AND took > p_slot_limits[j] AND NOT EXISTS (SELECT FROM ledger.guard_slot g
      WHERE g.guard = p_slot_guards[j] AND g.key = p_slot_keys[j] AND g.holder = p_slot_holders[j]) THEN
      RAISE EXCEPTION '%', p_slot_guards[j] USING ERRCODE = 'LG003', DETAIL = p_slot_keys[j];
    END IF;
    INSERT INTO ledger.guard_slot VALUES (p_slot_guards[j], p_slot_keys[j], took, p_slot_holders[j]) ON CONFLICT (guard, key, holder) DO NOTHING;
  END LOOP;

  IF n = 1 THEN  -- most commands; the plan for many rows costs them twice as much
    leaves := ARRAY[ledger.leaf_hash(first_position, recorded_at, p_ids[1], p_versions[1], p_topics[1], p_value_dates[1], concerned,
      command, p_states[1])];
    INSERT INTO ledger.stored_events (originator_id, originator_version, topic, state, notification_id, recorded_at, value_date,
      scopes, actor_subject, actor_role, actor_institution, actor_region, authority, correlation, causation, idempotency_key,
      credential, channel, actor_signature, leaf_hash)
    VALUES (p_ids[1], p_versions[1], p_topics[1], p_states[1], append_events.first_position, append_events.recorded_at,
      p_value_dates[1], concerned, p_subject, p_role, p_institution, p_region, p_authority, p_correlation, p_causation, p_key,
      p_credential, p_channel, p_signature, leaves[1]);
  ELSE
    IF EXISTS (SELECT FROM unnest(p_versions, p_topics, p_value_dates, p_scopes) u(v, t, d, c)
        WHERE NOT ledger.fact_fits(u.v, u.t, u.d, string_to_array(u.c, E'\x1f'))) THEN
      RAISE EXCEPTION 'the envelope does not fit' USING ERRCODE = 'LG011';
    END IF;
    WITH added AS (
      INSERT INTO ledger.stored_events AS x (originator_id, originator_version, topic, state, notification_id, recorded_at, value_date,
        scopes, actor_subject, actor_role, actor_institution, actor_region, authority, correlation, causation, idempotency_key,
        credential, channel, actor_signature, leaf_hash)
      SELECT e.i, e.v, e.t, e.s, append_events.first_position + e.o - 1, append_events.recorded_at, e.d, e.c,
        p_subject, p_role, p_institution, p_region, p_authority, p_correlation, p_causation, p_key, p_credential, p_channel, p_signature,
        ledger.leaf_hash(append_events.first_position + e.o - 1, append_events.recorded_at, e.i, e.v, e.t, e.d, e.c, command, e.s)
      FROM (SELECT u.i, u.v, u.t, u.s, u.d, string_to_array(u.c, E'\x1f') AS c, u.o
        FROM unnest(p_ids, p_versions, p_topics, p_states, p_value_dates, p_scopes) WITH ORDINALITY u(i, v, t, s, d, c, o)) e
      RETURNING x.notification_id, x.leaf_hash)
    SELECT array_agg(a.leaf_hash ORDER BY a.notification_id) INTO leaves FROM added a;
  END IF;

  PERFORM pg_notify('stored_events', '');
END $$;

CREATE OR REPLACE FUNCTION ledger.check_import() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  head ledger.log_head;
  one ledger.stored_events;
  command bytea;
  seen record;
BEGIN
  SELECT * INTO STRICT head FROM ledger.log_head FOR UPDATE;
  SELECT * INTO one FROM added LIMIT 1;
  IF NOT FOUND THEN RETURN NULL; END IF;
  command := ledger.command_part(one.actor_subject, one.actor_role, one.actor_institution, one.actor_region, one.authority, one.correlation,
    one.causation, one.idempotency_key, one.credential, one.channel, one.actor_signature);
  SELECT count(*) AS n, min(a.notification_id) AS first, max(a.notification_id) AS last, min(a.recorded_at) AS earliest,
      max(a.recorded_at) AS latest, bool_and(a.leaf_hash = ledger.leaf_hash(a.notification_id, a.recorded_at, a.originator_id,
        a.originator_version, a.topic, a.value_date, a.scopes, command, a.state)) AS leaves,
      bool_and((a.actor_subject, a.actor_role, a.actor_institution, a.actor_region, a.authority, a.correlation, a.causation,
        a.idempotency_key, a.credential, a.channel, a.actor_signature) IS NOT DISTINCT FROM (one.actor_subject, one.actor_role,
        one.actor_institution, one.actor_region, one.authority, one.correlation, one.causation, one.idempotency_key, one.credential,
        one.channel, one.actor_signature)) AS together,
      bool_and(ledger.fact_fits(a.originator_version, a.topic, a.value_date, a.scopes) AND (a.scopes = '{}' OR array_ndims(a.scopes) = 1)
        AND array_position(a.scopes, NULL) IS NULL AND strpos(array_to_string(a.scopes, ''), E'\x1f') = 0) AS fit
    INTO seen FROM added a;
  IF NOT seen.together THEN RAISE EXCEPTION 'what is added together comes from one command' USING ERRCODE = 'LG006'; END IF;
  IF NOT seen.fit OR NOT ledger.command_fits(one.actor_subject, one.actor_role, one.actor_institution, one.actor_region,
      one.correlation, one.idempotency_key, one.channel, command) THEN
    RAISE EXCEPTION 'the envelope does not fit' USING ERRCODE = 'LG011';
  END IF;
  IF NOT seen.leaves THEN RAISE EXCEPTION 'a leaf does not recompute' USING ERRCODE = 'LG004'; END IF;
  IF seen.first <> head.position + 1 OR seen.last <> head.position + seen.n THEN
    RAISE EXCEPTION 'positions must go on from % without a gap', head.position USING ERRCODE = 'LG005';
  END IF;
  IF seen.earliest <> seen.latest OR seen.earliest < head.recorded_at OR seen.latest > clock_timestamp() THEN
    RAISE EXCEPTION 'recorded_at must be one server time, not before the last' USING ERRCODE = 'LG006';
  END IF;
  UPDATE ledger.log_head SET position = seen.last, recorded_at = seen.latest;
  PERFORM pg_notify('stored_events', '');
  RETURN NULL;
END $$;

DO $$
DECLARE size name;
BEGIN
  FOR size IN SELECT conname FROM pg_constraint WHERE conrelid = 'ledger.stored_events'::regclass AND contype = 'c' LOOP
    EXECUTE format('ALTER TABLE ledger.stored_events DROP CONSTRAINT %I', size);
  END LOOP;
END $$;
