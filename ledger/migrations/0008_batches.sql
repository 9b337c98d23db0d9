-- A batch: several appends in one transaction. It takes the order lock first, so whatever it reads stays the newest until its end.
CREATE FUNCTION ledger.begin_batch() RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '5s' AS $$
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'begin_batch needs READ COMMITTED' USING ERRCODE = 'LG009';
  END IF;
  LOCK TABLE ledger.stored_events IN EXCLUSIVE MODE;
END $$;
REVOKE ALL ON FUNCTION ledger.begin_batch FROM PUBLIC;
GRANT CREATE ON SCHEMA ledger TO loan_ledger_writer;
ALTER FUNCTION ledger.begin_batch OWNER TO loan_ledger_writer;
REVOKE CREATE ON SCHEMA ledger FROM loan_ledger_writer;
GRANT EXECUTE ON FUNCTION ledger.begin_batch TO loan_ledger_application;
