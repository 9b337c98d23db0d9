-- Where read models live. The projector owns them, live and under rebuild; readers read the live ones only.

CREATE SCHEMA projections AUTHORIZATION loan_ledger_projector;
CREATE SCHEMA projections_rebuild AUTHORIZATION loan_ledger_projector;
GRANT USAGE ON SCHEMA projections TO loan_ledger_reader, loan_ledger_application, loan_ledger_auditor;
ALTER DEFAULT PRIVILEGES FOR ROLE loan_ledger_projector IN SCHEMA projections, projections_rebuild
  GRANT SELECT ON TABLES TO loan_ledger_reader, loan_ledger_auditor;
