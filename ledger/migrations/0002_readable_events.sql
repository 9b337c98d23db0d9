-- What an auditor reads in plain SQL: every fact with its envelope, the body as JSON, and whether its leaf recomputes.

CREATE VIEW ledger.readable_events AS
SELECT e.notification_id AS position, e.recorded_at, e.originator_id AS stream, e.originator_version AS version, e.topic, e.value_date,
  e.actor_subject, e.actor_role, e.actor_institution, e.actor_region, e.authority, e.scopes, e.correlation, e.causation, e.idempotency_key,
  e.credential, e.channel, e.actor_signature,
  regexp_replace(convert_from(e.state, 'UTF8'), '(?<!\\)((?:\\\\)*)\\u0000', '\1\\ufffd', 'g')::jsonb AS payload,  -- jsonb holds no NUL; it is shown as U+FFFD
  sha256(e.state) AS state_digest, e.leaf_hash,
  e.leaf_hash = ledger.leaf_hash(e.notification_id, e.recorded_at, e.originator_id, e.originator_version, e.topic, e.value_date, e.scopes,
    ledger.command_part(e.actor_subject, e.actor_role, e.actor_institution, e.actor_region, e.authority, e.correlation, e.causation,
      e.idempotency_key, e.credential, e.channel, e.actor_signature), e.state) AS leaf_recomputes
FROM ledger.stored_events e;

ALTER VIEW ledger.readable_events OWNER TO loan_ledger_owner;
GRANT EXECUTE ON FUNCTION ledger.measured, ledger.measured_text, ledger.measured_list, ledger.command_part, ledger.leaf_hash TO loan_ledger_owner;
GRANT SELECT ON ledger.readable_events TO loan_ledger_auditor;
