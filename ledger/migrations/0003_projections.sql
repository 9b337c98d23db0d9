-- Where read models live. The projector owns them, live and under rebuild; readers read the live ones only.

CREATE SCHEMA projections AUTHORIZATION loan_ledger_projector;
CREATE SCHEMA projections_rebuild AUTHORIZATION loan_ledger_projector;
GRANT USAGE ON SCHEMA projections TO loan_ledger_reader, loan_ledger_application, loan_ledger_auditor;
ALTER DEFAULT PRIVILEGES FOR ROLE loan_ledger_projector IN SCHEMA projections, projections_rebuild
  GRANT SELECT ON TABLES TO loan_ledger_reader, loan_ledger_auditor;

-- Projections that met a fact they cannot fold.
CREATE TABLE projections.stopped (
  name text PRIMARY KEY, position bigint NOT NULL, fact text NOT NULL, problem text NOT NULL, stopped_at timestamptz NOT NULL DEFAULT now());
ALTER TABLE projections.stopped OWNER TO loan_ledger_projector;
GRANT SELECT ON projections.stopped TO loan_ledger_reader, loan_ledger_auditor;
