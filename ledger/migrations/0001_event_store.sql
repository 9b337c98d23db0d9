-- The log of facts: one table, one function that may add to it, and roles that can do nothing else.

DO $$
DECLARE r text;
BEGIN
  FOREACH r IN ARRAY ARRAY['owner', 'writer', 'application', 'importer', 'projector', 'reader', 'auditor'] LOOP
    BEGIN
      EXECUTE format('CREATE ROLE %I NOLOGIN', 'loan_ledger_' || r);
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;  -- roles belong to the whole server
    END;
    IF NOT pg_has_role(current_user, 'loan_ledger_' || r, 'SET') THEN
      EXECUTE format('GRANT %I TO %I', 'loan_ledger_' || r, current_user);
    END IF;
  END LOOP;
END $$;

CREATE SCHEMA ledger;
REVOKE ALL ON SCHEMA ledger FROM PUBLIC;

CREATE TABLE ledger.stored_events (
  originator_id uuid NOT NULL,
  originator_version bigint NOT NULL CHECK (originator_version > 0),
  topic text NOT NULL CHECK (octet_length(topic) BETWEEN 1 AND 100),
  state bytea NOT NULL,
  notification_id bigint NOT NULL,
  recorded_at timestamptz NOT NULL,
  value_date date NOT NULL CHECK (value_date BETWEEN '0001-01-01' AND '9999-12-31'),
  scopes text[] NOT NULL CHECK (cardinality(scopes) <= 16 AND coalesce(array_ndims(scopes), 1) = 1 AND array_position(scopes, NULL) IS NULL
    AND strpos(array_to_string(scopes, ''), E'\x1f') = 0),
  actor_subject text NOT NULL CHECK (octet_length(actor_subject) BETWEEN 1 AND 256),
  actor_role text NOT NULL CHECK (octet_length(actor_role) BETWEEN 1 AND 128),
  actor_institution text NOT NULL CHECK (octet_length(actor_institution) BETWEEN 1 AND 256),
  actor_region text NOT NULL CHECK (octet_length(actor_region) BETWEEN 1 AND 256),
  authority text CHECK (octet_length(authority) <= 200),
  correlation text NOT NULL CHECK (octet_length(correlation) BETWEEN 1 AND 200),
  causation text CHECK (octet_length(causation) <= 200),
  idempotency_key text NOT NULL CHECK (octet_length(idempotency_key) BETWEEN 1 AND 200),
  credential text CHECK (octet_length(credential) <= 200),
  channel text NOT NULL CHECK (octet_length(channel) BETWEEN 1 AND 50),
  actor_signature bytea CHECK (octet_length(actor_signature) <= 200),
  leaf_hash bytea NOT NULL CHECK (octet_length(leaf_hash) = 32),
  PRIMARY KEY (originator_id, originator_version)
) WITH (autovacuum_vacuum_scale_factor = 0.5, autovacuum_analyze_threshold = 1000, autovacuum_analyze_scale_factor = 0.01);
CREATE UNIQUE INDEX stored_events_notification_id_idx ON ledger.stored_events (notification_id);

CREATE TABLE ledger.log_head (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  position bigint NOT NULL,
  recorded_at timestamptz NOT NULL
) WITH (fillfactor = 10, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0);
INSERT INTO ledger.log_head VALUES (true, 0, '-infinity');

CREATE TABLE ledger.command_outcome (
  idempotency_key text PRIMARY KEY,
  request_digest bytea NOT NULL,
  first_position bigint NOT NULL,
  facts int NOT NULL,
  recorded_at timestamptz NOT NULL
);

-- Guard rows: rules across streams, moved in the append's own transaction and rebuildable from the facts.
CREATE TABLE ledger.guard_slot (
  guard text NOT NULL,
  key text NOT NULL,
  slot int NOT NULL CHECK (slot > 0),
  holder text NOT NULL,
  PRIMARY KEY (guard, key, slot),
  UNIQUE (guard, key, holder)
);
CREATE TABLE ledger.guard_total (
  guard text NOT NULL,
  key text NOT NULL,
  used bigint NOT NULL,
  capacity bigint NOT NULL,
  PRIMARY KEY (guard, key)
) WITH (fillfactor = 10, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0);

-- The leaf, version 1: SHA-256(0x00 || envelope), every part of the envelope of fixed width or behind its length.
-- STABLE, not IMMUTABLE: so declared they are inlined, and cost half.
CREATE FUNCTION ledger.measured(part bytea) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT int4send(octet_length(part)) || part $$;

CREATE FUNCTION ledger.measured_text(part text) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN part IS NULL THEN '\x00'::bytea
    ELSE '\x01'::bytea || int4send(octet_length(convert_to(part, 'UTF8'))) || convert_to(part, 'UTF8') END $$;

-- A list is its length and its parts joined by a character that no part holds (a constraint of the table).
CREATE FUNCTION ledger.measured_list(parts text[]) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT int4send(cardinality(parts)) || ledger.measured_text(array_to_string(parts, E'\x1f')) $$;

CREATE FUNCTION ledger.command_part(subject text, role text, institution text, region text, authority text, correlation text,
  causation text, key text, credential text, channel text, signature bytea) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT ledger.measured_text(subject) || ledger.measured_text(role) || ledger.measured_text(institution) || ledger.measured_text(region)
    || ledger.measured_text(authority) || ledger.measured_text(correlation) || ledger.measured_text(causation) || ledger.measured_text(key)
    || ledger.measured_text(credential) || ledger.measured_text(channel)
    || CASE WHEN signature IS NULL THEN '\x00'::bytea ELSE '\x01'::bytea || ledger.measured(signature) END $$;

CREATE FUNCTION ledger.leaf_hash(pos bigint, recorded timestamptz, id uuid, version bigint, topic text, value_date date, scopes text[],
  command bytea, state bytea) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT sha256('\x00'::bytea || 'jnloan/leaf/v1'::bytea || int8send(pos) || timestamptz_send(recorded) || uuid_send(id) || int8send(version)
    || date_send(value_date) || ledger.measured_text(topic) || ledger.measured_list(scopes) || command || sha256(state)) $$;

-- The one function that appends: everything that belongs to an append happens here, in the caller's one transaction, or not at all.
CREATE FUNCTION ledger.append_events(
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

  command := ledger.command_part(p_subject, p_role, p_institution, p_region, p_authority, p_correlation, p_causation, p_key,
    p_credential, p_channel, p_signature);
  IF n = 1 THEN  -- most commands; the plan for many rows costs them twice as much
    concerned := string_to_array(p_scopes[1], E'\x1f');
    leaves := ARRAY[ledger.leaf_hash(first_position, recorded_at, p_ids[1], p_versions[1], p_topics[1], p_value_dates[1], concerned,
      command, p_states[1])];
    INSERT INTO ledger.stored_events (originator_id, originator_version, topic, state, notification_id, recorded_at, value_date,
      scopes, actor_subject, actor_role, actor_institution, actor_region, authority, correlation, causation, idempotency_key,
      credential, channel, actor_signature, leaf_hash)
    VALUES (p_ids[1], p_versions[1], p_topics[1], p_states[1], append_events.first_position, append_events.recorded_at,
      p_value_dates[1], concerned, p_subject, p_role, p_institution, p_region, p_authority, p_correlation, p_causation, p_key,
      p_credential, p_channel, p_signature, leaves[1]);
  ELSE
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

CREATE FUNCTION ledger.find_outcome(p_key text, p_digest bytea,
  OUT first_position bigint, OUT facts int, OUT recorded_at timestamptz, OUT last_leaf bytea
) RETURNS SETOF record LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE known ledger.command_outcome;
BEGIN
  SELECT * INTO known FROM ledger.command_outcome o WHERE o.idempotency_key = p_key;
  IF NOT FOUND THEN RETURN; END IF;
  IF known.request_digest IS DISTINCT FROM p_digest THEN
    RAISE EXCEPTION 'the idempotency key was used for another request' USING ERRCODE = 'LG001';
  END IF;
  first_position := known.first_position; facts := known.facts; recorded_at := known.recorded_at;
  SELECT e.leaf_hash INTO last_leaf FROM ledger.stored_events e WHERE e.notification_id = known.first_position + known.facts - 1;
  RETURN NEXT;
END $$;

-- The importer copies rows in directly. Whatever anybody but the append function adds is checked here, before it can commit:
-- leaves, positions without a gap, time.
CREATE FUNCTION ledger.check_import() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
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
        one.channel, one.actor_signature)) AS together
    INTO seen FROM added a;
  IF NOT seen.together THEN RAISE EXCEPTION 'what is added together comes from one command' USING ERRCODE = 'LG006'; END IF;
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
CREATE TRIGGER check_import AFTER INSERT ON ledger.stored_events REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT WHEN (current_user <> 'loan_ledger_writer') EXECUTE FUNCTION ledger.check_import();

-- Takes the order lock for the importer and tells it where the log stands.
CREATE FUNCTION ledger.begin_import(OUT next_position bigint, OUT recorded_at timestamptz)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '30s' AS $$
BEGIN
  LOCK TABLE ledger.stored_events IN EXCLUSIVE MODE;
  SELECT h.position + 1, greatest(h.recorded_at, clock_timestamp()) INTO STRICT next_position, recorded_at FROM ledger.log_head h;
END $$;

CREATE FUNCTION ledger.refuse_mutation() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION '% of %.% is refused: facts are never changed', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME USING ERRCODE = 'LG007';
END $$;
CREATE TRIGGER never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.stored_events
  FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_mutation();
ALTER TABLE ledger.stored_events ENABLE ALWAYS TRIGGER never_changed;
CREATE TRIGGER never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.command_outcome
  FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_mutation();
ALTER TABLE ledger.command_outcome ENABLE ALWAYS TRIGGER never_changed;
CREATE TRIGGER never_removed BEFORE DELETE OR TRUNCATE ON ledger.log_head
  FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_mutation();
ALTER TABLE ledger.log_head ENABLE ALWAYS TRIGGER never_removed;

ALTER SCHEMA ledger OWNER TO loan_ledger_owner;
ALTER TABLE ledger.stored_events OWNER TO loan_ledger_owner;
ALTER TABLE ledger.log_head OWNER TO loan_ledger_owner;
ALTER TABLE ledger.command_outcome OWNER TO loan_ledger_owner;
ALTER TABLE ledger.guard_slot OWNER TO loan_ledger_owner;
ALTER TABLE ledger.guard_total OWNER TO loan_ledger_owner;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ledger FROM PUBLIC;
GRANT USAGE ON SCHEMA ledger TO loan_ledger_writer, loan_ledger_application, loan_ledger_importer, loan_ledger_projector, loan_ledger_auditor;
GRANT CREATE ON SCHEMA ledger TO loan_ledger_writer;
ALTER FUNCTION ledger.append_events OWNER TO loan_ledger_writer;
ALTER FUNCTION ledger.find_outcome OWNER TO loan_ledger_writer;
ALTER FUNCTION ledger.check_import OWNER TO loan_ledger_writer;
ALTER FUNCTION ledger.begin_import OWNER TO loan_ledger_writer;
REVOKE CREATE ON SCHEMA ledger FROM loan_ledger_writer;

GRANT INSERT, SELECT, MAINTAIN ON ledger.stored_events TO loan_ledger_writer;
GRANT SELECT, UPDATE ON ledger.log_head TO loan_ledger_writer;
GRANT SELECT, INSERT ON ledger.command_outcome TO loan_ledger_writer;
GRANT SELECT, INSERT, DELETE ON ledger.guard_slot TO loan_ledger_writer;
GRANT SELECT, INSERT, UPDATE ON ledger.guard_total TO loan_ledger_writer;

GRANT EXECUTE ON FUNCTION ledger.measured, ledger.measured_text, ledger.measured_list, ledger.command_part, ledger.leaf_hash
  TO loan_ledger_writer, loan_ledger_application, loan_ledger_importer, loan_ledger_auditor;
GRANT EXECUTE ON FUNCTION ledger.append_events, ledger.find_outcome TO loan_ledger_application;
GRANT SELECT ON ledger.stored_events TO loan_ledger_application, loan_ledger_projector;
GRANT EXECUTE ON FUNCTION ledger.begin_import TO loan_ledger_importer;
GRANT SELECT, INSERT ON ledger.stored_events TO loan_ledger_importer;
