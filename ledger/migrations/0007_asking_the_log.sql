-- What a reader may ask of the log itself: how far it goes, how far it went at a time, which version a stream had; never a fact.

CREATE FUNCTION ledger.head_position() RETURNS bigint
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT h.position FROM ledger.log_head h $$;

CREATE FUNCTION ledger.version_at(p_stream uuid, p_position bigint) RETURNS bigint
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT e.originator_version FROM ledger.stored_events e
   WHERE e.originator_id = p_stream AND e.notification_id <= p_position ORDER BY e.originator_version DESC LIMIT 1 $$;

-- Time and position rise together, so the search halves the log.
CREATE FUNCTION ledger.position_at(p_moment timestamptz) RETURNS bigint
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE low bigint := 0; high bigint := ledger.head_position(); middle bigint;
BEGIN
  WHILE low < high LOOP
    middle := (low + high + 1) / 2;
    IF (SELECT e.recorded_at FROM ledger.stored_events e WHERE e.notification_id = middle) <= p_moment THEN
      low := middle;
    ELSE
      high := middle - 1;
    END IF;
  END LOOP;
  RETURN low;
END $$;

REVOKE ALL ON FUNCTION ledger.head_position, ledger.version_at, ledger.position_at FROM PUBLIC;
GRANT CREATE ON SCHEMA ledger TO loan_ledger_writer;
ALTER FUNCTION ledger.head_position OWNER TO loan_ledger_writer;
ALTER FUNCTION ledger.version_at OWNER TO loan_ledger_writer;
ALTER FUNCTION ledger.position_at OWNER TO loan_ledger_writer;
REVOKE CREATE ON SCHEMA ledger FROM loan_ledger_writer;
GRANT USAGE ON SCHEMA ledger TO loan_ledger_reader;
GRANT EXECUTE ON FUNCTION ledger.head_position, ledger.version_at, ledger.position_at TO loan_ledger_reader;
GRANT SELECT ON loan_ledger_migrations TO loan_ledger_reader;
