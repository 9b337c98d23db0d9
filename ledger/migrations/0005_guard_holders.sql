-- Who holds the places of a guard: a decision looks at how many loans a person has had before it asks for another place.
CREATE FUNCTION ledger.guard_holders(p_guard text, p_key text) RETURNS SETOF text
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT g.holder FROM ledger.guard_slot g WHERE g.guard = p_guard AND g.key = p_key ORDER BY g.slot $$;
REVOKE ALL ON FUNCTION ledger.guard_holders FROM PUBLIC;
GRANT CREATE ON SCHEMA ledger TO loan_ledger_writer;
ALTER FUNCTION ledger.guard_holders OWNER TO loan_ledger_writer;
REVOKE CREATE ON SCHEMA ledger FROM loan_ledger_writer;
GRANT EXECUTE ON FUNCTION ledger.guard_holders TO loan_ledger_application;
