-- 日终: until when closing a day need not look at a loan again, if nothing is recorded of it. Worked out of the facts and no truth of its own:
-- whatever is missing here, or is of another version of the loan or of the rules, is looked at.
CREATE TABLE ledger.day_look (
  loan uuid PRIMARY KEY,
  version bigint NOT NULL,
  rules text NOT NULL,
  closed date NOT NULL,
  next_look date NOT NULL);
GRANT SELECT, INSERT, UPDATE, DELETE ON ledger.day_look TO loan_ledger_application;
