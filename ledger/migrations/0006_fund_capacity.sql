-- A capacity may count several times: the row `GUARD_times` of the same key says how often, as its capacity. A fund may promise a multiple
-- of its base, and a base that moves while another method is adopted is multiplied by neither number twice.
CREATE FUNCTION ledger.guard_room(p_guard text, p_key text, p_used bigint, p_capacity bigint) RETURNS boolean
  LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT p_used <= p_capacity::numeric * coalesce((SELECT t.capacity FROM ledger.guard_total t WHERE t.guard = p_guard || '_times' AND t.key = p_key), 1) $$;
REVOKE ALL ON FUNCTION ledger.guard_room FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.guard_room TO loan_ledger_writer;

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
    IF p_total_binding[j] AND NOT ledger.guard_room(p_total_guards[j], p_total_keys[j], known.used, known.capacity) THEN
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

-- How a guarded total stands: a decision names what is left, and whoever looks after a fund sees that facts took it past its capacity.
CREATE FUNCTION ledger.guard_standing(p_guard text, p_key text, OUT used bigint, OUT capacity bigint, OUT times bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(sum(g.used), 0)::bigint, coalesce(sum(g.capacity), 0)::bigint,
    coalesce((SELECT t.capacity FROM ledger.guard_total t WHERE t.guard = p_guard || '_times' AND t.key = p_key), 1)
  FROM ledger.guard_total g WHERE g.guard = p_guard AND g.key = p_key $$;
REVOKE ALL ON FUNCTION ledger.guard_standing FROM PUBLIC;
GRANT CREATE ON SCHEMA ledger TO loan_ledger_writer;
ALTER FUNCTION ledger.guard_standing OWNER TO loan_ledger_writer;
REVOKE CREATE ON SCHEMA ledger FROM loan_ledger_writer;
GRANT EXECUTE ON FUNCTION ledger.guard_standing TO loan_ledger_application;
